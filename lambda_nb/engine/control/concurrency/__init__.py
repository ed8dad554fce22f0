"""The account's concurrency, and each function's part of it."""
