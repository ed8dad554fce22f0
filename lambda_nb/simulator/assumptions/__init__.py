"""What a simulation assumes: the workload, the limits, the sources, the durations."""
