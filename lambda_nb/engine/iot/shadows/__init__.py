"""The Device Shadow service."""
