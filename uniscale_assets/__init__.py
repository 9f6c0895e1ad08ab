"""Which tokenizer should a large model use, and can small models tell? The answer as data assets."""

__version__ = "0.1.0"
