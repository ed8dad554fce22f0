"""Resource types of who may do what, of what is kept secret, and of workflows."""
