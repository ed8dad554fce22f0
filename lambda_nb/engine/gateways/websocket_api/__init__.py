"""WebSocket APIs: connections, their messages and the way back to them."""
