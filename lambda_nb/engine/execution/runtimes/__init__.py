"""How each language starts: interpreters, fork servers, builds, layers, variables."""
