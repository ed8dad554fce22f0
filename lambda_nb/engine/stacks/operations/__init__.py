"""CloudFormation's operations: what clients ask, and what they are told."""
