"""What a directory holds: a template, a CDK app, a Chalice app."""
