"""Traces made by a rule and a seed."""
