"""The API ``apigatewayv2``: HTTP and WebSocket APIs and what belongs to them."""
