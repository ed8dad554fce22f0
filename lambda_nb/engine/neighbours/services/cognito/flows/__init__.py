"""Signing in to a user pool: flows, challenges, second factors, tokens."""
