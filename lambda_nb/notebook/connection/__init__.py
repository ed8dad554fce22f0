"""The endpoint that a notebook talks to: an engine of its own, another one, or AWS."""
