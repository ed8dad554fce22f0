"""What a REST API consists of before it is deployed."""
