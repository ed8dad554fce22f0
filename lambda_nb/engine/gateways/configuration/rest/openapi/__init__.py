"""REST APIs as OpenAPI definitions: import and export."""
