"""What brings events to functions: the asynchronous queue, and event sources."""
