"""Text on disk to tensors: downloads, corpora, tokens, vocabulary, embeddings, batches."""
