"""Distributions: what they may say, and the operations on them."""
