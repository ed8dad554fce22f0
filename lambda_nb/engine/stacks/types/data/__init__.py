"""Resource types: Buckets, tables, streams and repositories."""
