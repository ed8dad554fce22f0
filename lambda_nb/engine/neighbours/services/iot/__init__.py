"""moto's AWS IoT, completed: what it lacks is added, what differs from AWS is mended."""
