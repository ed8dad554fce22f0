"""Fleet provisioning: devices that get their certificate and their thing by MQTT."""
