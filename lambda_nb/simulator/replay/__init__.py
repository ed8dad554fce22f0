"""A trace replayed request by request: the SimPy reference and the compiled engine."""
