"""Deploys templates as CloudFormation does: creates, updates, rolls back and deletes stacks."""
