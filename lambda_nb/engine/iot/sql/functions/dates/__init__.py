"""Dates and times by the patterns of Joda-Time and of Java."""
