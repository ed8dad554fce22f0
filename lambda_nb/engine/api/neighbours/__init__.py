"""Passes requests for other services on to those services."""
