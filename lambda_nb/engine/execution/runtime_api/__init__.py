"""What the processes of an environment speak to: Runtime, Extensions and Telemetry API."""
