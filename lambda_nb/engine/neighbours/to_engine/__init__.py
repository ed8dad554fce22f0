"""Messages of the embedded services to the engine: events for functions, new stream records."""
