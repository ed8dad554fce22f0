"""Resource types: Logs, metrics, alarms, scaling and groups."""
