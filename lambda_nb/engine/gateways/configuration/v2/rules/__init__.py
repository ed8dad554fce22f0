"""What the API ``apigatewayv2`` accepts and refuses, without what is kept."""
