"""What pages may ask for: a module for each theme of actions."""
