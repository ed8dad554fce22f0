"""The state of the embedded services, on disk."""
