"""Deployments and stages: what of a REST API is served."""
