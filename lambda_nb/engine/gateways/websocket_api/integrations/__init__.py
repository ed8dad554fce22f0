"""What stands behind the routes of WebSocket APIs: functions, servers, services of AWS, mocks."""
