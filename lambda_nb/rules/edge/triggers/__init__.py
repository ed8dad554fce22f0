"""Lambda@Edge: the events of its functions, and what they may return."""
