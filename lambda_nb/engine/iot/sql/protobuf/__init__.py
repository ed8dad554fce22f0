"""Protocol Buffers: reads descriptors and messages, for ``decode(value, "proto", ...)``."""
