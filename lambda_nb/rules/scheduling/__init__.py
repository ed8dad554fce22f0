"""Which execution environment serves a request, and how many there should be."""
