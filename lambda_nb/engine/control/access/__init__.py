"""Who may invoke a function, and at which URL."""
