"""Transforms: what rewrites a template before CloudFormation reads it."""
