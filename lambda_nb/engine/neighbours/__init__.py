"""The engine's neighbours: S3, SQS, SNS, DynamoDB, Kinesis, EventBridge, CloudWatch and the rest.

A moto server in a child process, on a Unix socket that only the engine uses; or any
AWS-compatible endpoint that the user names.
"""

from lambda_nb.engine.neighbours.process.supervisor import Neighbours

__all__ = ["Neighbours"]
