"""Sends events to the targets of rules and schedules, and tries again."""
