"""What decides about events: retries, batches, windows, patterns, schedules, loops."""
