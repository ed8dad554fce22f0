"""What AWS IoT decides about shadows and jobs."""
