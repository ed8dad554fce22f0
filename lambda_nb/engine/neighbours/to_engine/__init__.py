"""What the embedded services tell the engine: events for functions, news of streams."""
