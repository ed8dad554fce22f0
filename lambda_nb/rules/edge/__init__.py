"""What CloudFront decides: freshness, keys, ranges, signed access, and what functions may change."""
