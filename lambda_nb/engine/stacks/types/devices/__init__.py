"""Resource types: AWS IoT: things, their certificates and policies, and topic rules."""
