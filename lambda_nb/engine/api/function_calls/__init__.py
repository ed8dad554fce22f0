"""What functions call with their own credentials: the rights that they needed."""
