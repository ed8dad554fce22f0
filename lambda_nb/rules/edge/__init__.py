"""What CloudFront decides: freshness, keys, ranges, access, and what functions may change."""
