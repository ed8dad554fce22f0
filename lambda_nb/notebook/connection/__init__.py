"""The endpoint of a notebook: its own engine, another engine, or AWS."""
