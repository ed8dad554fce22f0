"""Who may call: signatures, credentials, and what web pages may not do."""
