"""What a user asks of many simulations, or of a recorded trace."""
