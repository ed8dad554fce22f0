"""What runs leave behind in CloudWatch: log lines, metrics, and a record of each attempt."""
