"""Resource types: Queues, topics, event buses, schedules, pipes and mail."""
