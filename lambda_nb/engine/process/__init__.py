"""The process of the engine: its commands, port, data directory, parent and loop."""
