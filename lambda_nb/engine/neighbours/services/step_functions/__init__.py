"""Step Functions: moto's interpreter runs state machines, and what moto lacks around it."""
