"""The API ``apigateway``: REST APIs and what belongs to them."""
