"""An application as a project of AWS SAM."""
