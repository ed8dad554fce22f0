"""One step of a deployment: one resource is made, changed or deleted."""
