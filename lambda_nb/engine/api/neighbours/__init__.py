"""Requests for other services, passed on to whoever answers for them."""
