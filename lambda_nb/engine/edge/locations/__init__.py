"""Which edge location takes a request, and how long its ways are."""
