"""Functions as archives with their settings, and a script that uploads them by the AWS CLI."""
