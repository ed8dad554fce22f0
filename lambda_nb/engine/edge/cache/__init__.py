"""The cache of each edge location: objects in memory and in files."""
