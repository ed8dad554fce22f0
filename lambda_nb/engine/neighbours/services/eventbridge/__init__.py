"""EventBridge as on AWS: what moto's event buses, archives and connections lack."""
