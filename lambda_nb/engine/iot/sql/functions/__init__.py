"""The functions of IoT SQL by family (developer guide, iot-sql-functions)."""
