"""S3 notifications, SNS, SES: what these services send, and what is kept of mail and messages."""
