"""A trained model to numbers, tables, figures and pages."""
