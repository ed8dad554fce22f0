"""OpenAPI 3.0 definitions of HTTP APIs: imported and exported."""
