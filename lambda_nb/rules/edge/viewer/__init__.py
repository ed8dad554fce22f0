"""What CloudFront decides for viewers: access, ranges, conditions, compression, headers."""
