"""The engine's own calls to AWS services: their endpoints and clients."""
