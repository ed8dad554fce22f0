"""CloudFront in a notebook: distributions, and the functions at their edge."""
