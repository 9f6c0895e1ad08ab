"""Tokenizer families behind one protocol, and their checks."""
