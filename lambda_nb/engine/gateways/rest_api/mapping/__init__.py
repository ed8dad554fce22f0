"""What turns a request into another and an answer into another: templates and parameters."""
