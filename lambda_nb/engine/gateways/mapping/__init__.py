"""Templates, JSON paths and models: what REST and WebSocket APIs make of bodies."""
