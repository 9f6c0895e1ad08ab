"""isoFLOP optima and scaling laws of bits per byte in compute and compression rate."""
