"""Traces from logs: CloudWatch Logs by its API, and files that were exported from it."""
