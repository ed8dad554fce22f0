"""API keys, the usage plans that they belong to, and what was used."""
