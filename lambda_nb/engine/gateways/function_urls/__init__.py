"""Function URLs: an HTTP address of one function."""
