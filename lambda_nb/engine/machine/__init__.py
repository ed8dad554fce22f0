"""The machine below the engine: its file descriptors, private directories, threads and tasks."""
