"""The front door: the Lambda REST API, its neighbours behind the same signature check, function URLs."""
