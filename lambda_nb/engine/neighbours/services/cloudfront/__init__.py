"""CloudFront's API: every resource as a document, in moto's backend."""
