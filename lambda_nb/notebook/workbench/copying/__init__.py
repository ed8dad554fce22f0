"""A function, or an invocation of it, as text to use elsewhere: boto3, aws CLI, Terraform."""
