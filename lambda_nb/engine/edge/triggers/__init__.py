"""Lambda@Edge: numbered versions that run at the edge locations, at four moments of a request."""
