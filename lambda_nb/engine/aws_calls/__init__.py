"""The engine's own calls to AWS services: where each answers, and how to call it."""
