"""Who may connect to the broker, and what each client may do."""
