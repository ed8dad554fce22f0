"""Devices in the notebook: real MQTT clients of AWS IoT, one or a fleet."""
