"""Package, deploy and call a function from a notebook, and show its results."""
