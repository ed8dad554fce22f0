"""Distributions as CloudFront's API has them, compiled for requests."""
