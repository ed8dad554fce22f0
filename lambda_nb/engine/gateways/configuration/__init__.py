"""API Gateway's own APIs: what people configure, kept in SQLite."""
