"""Durable executions: what a checkpoint changes, and the history it leaves."""
