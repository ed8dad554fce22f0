"""What services push to functions, from here and from elsewhere."""
