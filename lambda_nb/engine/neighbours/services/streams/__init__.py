"""Differences between moto and AWS in Kinesis, DynamoDB's streams and EventBridge Pipes."""
