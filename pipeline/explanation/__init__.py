"""Attention weights to an answer whether they may be read as reasons: null models, importance, erasure, lexicon."""
