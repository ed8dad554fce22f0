"""Functions over many simulations or a recorded trace: compare, sweep, validate ..."""
