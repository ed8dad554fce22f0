"""HTTP for functions: routes of an HTTP API, requests to them, the access log."""
