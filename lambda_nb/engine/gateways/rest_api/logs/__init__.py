"""What stages log: how requests were executed, and who accessed what."""
