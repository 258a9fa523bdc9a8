"""Logits to better weights: the objective, one fit, and all seeds of a variant side by side."""
