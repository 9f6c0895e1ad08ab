"""Architectures, sizes, FLOPs, packed data and training."""
