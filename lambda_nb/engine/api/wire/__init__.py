"""HTTP as the front reads and writes it."""
