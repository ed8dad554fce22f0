"""CloudFront: distributions, their cache, and the functions that run at the edge."""
