"""Generate traces from a rule and a seed."""
