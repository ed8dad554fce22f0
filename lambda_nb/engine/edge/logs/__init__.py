"""What a distribution tells of its requests: standard logs, real-time logs, metrics."""
