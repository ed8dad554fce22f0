"""What brings events to a function, and what becomes of asynchronous ones."""
