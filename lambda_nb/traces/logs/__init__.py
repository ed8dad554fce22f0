"""Read traces from logs: the CloudWatch Logs API, and files exported from it."""
