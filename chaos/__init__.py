"""What can go wrong outside the code, done on purpose: a module per kind of trouble, each with a table of what held."""
