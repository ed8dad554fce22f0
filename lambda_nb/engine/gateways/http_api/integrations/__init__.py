"""What is behind the routes of HTTP APIs: functions, HTTP servers, AWS services."""
