"""What is behind a method: functions, HTTP servers, services of AWS, or nothing (MOCK)."""
