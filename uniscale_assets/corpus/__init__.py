"""Reading, mixing, splitting and counting text. Text is never changed."""
