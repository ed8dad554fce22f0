"""Durable executions: how operations change, and the events of their history."""
