"""What devices ask of their jobs: by MQTT and by HTTP."""
