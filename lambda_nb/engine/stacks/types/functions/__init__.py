"""Resource types of AWS Lambda: functions, and what belongs to one."""
