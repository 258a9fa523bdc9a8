"""MLflow, the window on the benchmark: the only room that imports it, always in a process of its own."""
