"""Asynchronous invocations: the durable queue and the destinations."""
