"""Event source mappings, and settings of asynchronous invocation."""
