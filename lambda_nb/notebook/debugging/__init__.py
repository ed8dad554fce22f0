"""Debugging functions: while they run, and after they failed (post-mortem)."""
