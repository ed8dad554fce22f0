"""What the embedded services hold, kept on disk."""
