"""CloudWatch alarms: evaluated by a clock, with actions and history; moto only keeps them."""
