"""How CloudWatch decides an alarm's state, and how it says why."""
