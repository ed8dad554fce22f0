"""The front door: the Lambda REST API, and its neighbours behind the same signature check."""
