"""Tensors to logits and attention weights: encoder, query, attention, value, weighted sum, linear classifier."""
