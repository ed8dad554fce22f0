"""What a template must look like: its sections, their members, and what these refer to."""
