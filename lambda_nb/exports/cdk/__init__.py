"""An application as a project of the AWS CDK, in Python."""
