"""Queues, retries, calls and changing provisioned concurrency around the fleet."""
