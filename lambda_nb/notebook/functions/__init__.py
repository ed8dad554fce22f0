"""A function in a notebook: packaged, deployed, called, and its results."""
