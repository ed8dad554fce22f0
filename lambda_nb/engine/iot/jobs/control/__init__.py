"""The control plane of jobs."""
