"""Rules for events: retries, batches, windows, patterns, schedules, loops."""
