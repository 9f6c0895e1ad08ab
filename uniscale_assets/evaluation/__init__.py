"""Bits per byte of trained models."""
