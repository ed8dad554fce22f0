"""Events that services push to functions, from here and elsewhere."""
