"""The APIs ``iot-data`` and ``iot-jobs-data``, signed or with a device's certificate."""
