"""What a distribution is configured to do, read and changed through CloudFront's API."""
