"""HTTP APIs: requests to the functions and services behind their routes."""
