"""Tokenizers that compress: bytes, gzip, arithmetic coding and Equal-Info windows, after "Training LLMs over Neurally Compressed Text"
(Lester et al., 2024; arXiv 2404.03626)."""
