"""Event source mappings: SQS queues, Kinesis and DynamoDB streams."""
