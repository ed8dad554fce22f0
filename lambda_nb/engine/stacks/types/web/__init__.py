"""Resource types of what answers HTTP: API Gateway, load balancers, CloudFront, DNS."""
