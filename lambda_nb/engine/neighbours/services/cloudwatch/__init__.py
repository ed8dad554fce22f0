"""CloudWatch in the neighbours' process: metrics, alarms, logs, metric filters, Logs Insights."""
