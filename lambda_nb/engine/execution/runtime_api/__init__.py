"""The APIs that the processes of an environment call: Runtime, Extensions and Telemetry API."""
