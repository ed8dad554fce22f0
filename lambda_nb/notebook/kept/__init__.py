"""What an engine of a notebook leaves on disk: for the next kernel, and as snapshots."""
