"""The library: text to tensors, tensors to models, models to numbers. Knows no path and reads no params.yaml."""
