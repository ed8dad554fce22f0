"""HTTP in front of functions."""
