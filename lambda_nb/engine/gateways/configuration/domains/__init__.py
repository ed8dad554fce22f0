"""Custom domain names of APIs, as both services of API Gateway see them, and private links."""
