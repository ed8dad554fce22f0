"""Layers: immutable versions, who may use them, which functions do."""
