"""The engine's neighbours: S3, SQS, SNS, DynamoDB, Kinesis, EventBridge, CloudWatch and the rest.

A moto server in a child process, on a Unix socket that only the engine uses; or any
AWS-compatible endpoint that the user names. Nothing is imported here: the child needs nothing of
what the engine needs.
"""
