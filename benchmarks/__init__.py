"""The speed of each part, beside what one would use instead and beside what the machine can do."""
