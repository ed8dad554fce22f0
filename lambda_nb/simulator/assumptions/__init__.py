"""What a simulation is told: the workload, the limits, the sources, the durations."""
