"""REST APIs: requests to the functions and services behind their methods."""
