"""Tasks: how they call functions and services, wait for answers and fail."""
