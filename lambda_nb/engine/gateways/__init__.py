"""HTTP in front of functions: function URLs, API Gateway's three kinds of API, load balancers."""
