"""EventBridge Scheduler as on AWS, and the clock of all schedules."""
