"""Logs Insights: its query language, over the engine's own logs."""
