"""An application as a project of Terraform, for AWS's provider."""
