"""Layers: their versions, who may use them, which functions do."""
