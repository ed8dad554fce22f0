"""CloudFront KeyValueStore: the stores, and their keys and values."""
