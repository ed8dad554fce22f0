"""The machine below the engine: its file descriptors, private directories and threads."""
