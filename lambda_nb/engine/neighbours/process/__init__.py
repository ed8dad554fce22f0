"""The neighbours' process: its HTTP server, and the supervisor in the engine."""
