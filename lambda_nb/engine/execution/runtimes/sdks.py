"""AWS's SDKs of the Node.js and Ruby runtimes, and of old Pythons: which packages, and where.

They are not part of lambda_nb: ``lambda-nb runtimes install nodejs-sdk`` fetches them once.
Functions find them after their own code and their layers, like ``/var/runtime`` on AWS.
"""

from __future__ import annotations

from pathlib import Path

from lambda_nb.engine.execution.runtimes.builds import cache_dir

PINNED_ON = "2026-11-20"
"""npm takes only versions published before this day, so that two machines have the same SDK."""

NODEJS_CLIENTS = (
    "acm", "api-gateway", "apigatewaymanagementapi", "apigatewayv2", "appconfigdata", "athena",
    "auto-scaling", "backup", "batch", "bedrock-agent-runtime", "bedrock-runtime",
    "cloudformation", "cloudfront", "cloudwatch", "cloudwatch-logs", "codebuild", "codepipeline",
    "cognito-identity", "cognito-identity-provider", "comprehend", "dynamodb", "dynamodb-streams",
    "ec2", "ecr", "ecs", "efs", "elastic-load-balancing-v2", "elasticache", "eventbridge",
    "firehose", "glue", "iam", "iot", "iot-data-plane", "kinesis", "kms", "lambda", "location",
    "mediaconvert", "opensearch", "organizations", "personalize-runtime", "pinpoint", "pipes",
    "polly", "rds", "rds-data", "rekognition", "route-53", "s3", "s3-control", "scheduler",
    "secrets-manager", "ses", "sesv2", "sfn", "sns", "sqs", "ssm", "sts", "textract",
    "timestream-query", "timestream-write", "transcribe", "translate", "xray",
)  # fmt: skip
"""Clients of ``@aws-sdk``, without ``client-``. AWS's runtime has all 400, which would be 1 GB."""

NODEJS_LIBRARIES = (
    "cloudfront-signer", "credential-providers", "lib-dynamodb", "lib-storage", "rds-signer",
    "s3-presigned-post", "s3-request-presigner", "util-arn-parser", "util-dynamodb",
)  # fmt: skip
"""Packages that are not clients."""

RUBY_GEMS = {
    "aws-sdk-apigatewaymanagementapi": "~> 1.0", "aws-sdk-athena": "~> 1.0",
    "aws-sdk-cloudformation": "~> 1.0", "aws-sdk-cloudwatch": "~> 1.0",
    "aws-sdk-cloudwatchlogs": "~> 1.0", "aws-sdk-cognitoidentityprovider": "~> 1.0",
    "aws-sdk-dynamodb": "~> 1.0", "aws-sdk-ec2": "~> 1.0", "aws-sdk-ecs": "~> 1.0",
    "aws-sdk-eventbridge": "~> 1.0", "aws-sdk-firehose": "~> 1.0", "aws-sdk-iam": "~> 1.0",
    "aws-sdk-kinesis": "~> 1.0", "aws-sdk-kms": "~> 1.0", "aws-sdk-lambda": "~> 1.0",
    "aws-sdk-rds": "~> 1.0", "aws-sdk-s3": "~> 1.0", "aws-sdk-scheduler": "~> 1.0",
    "aws-sdk-secretsmanager": "~> 1.0", "aws-sdk-ses": "~> 1.0", "aws-sdk-sesv2": "~> 1.0",
    "aws-sdk-sns": "~> 1.0", "aws-sdk-sqs": "~> 1.0", "aws-sdk-ssm": "~> 1.0",
    "aws-sdk-states": "~> 1.0", "aws-sdk-xray": "~> 1.0",
}  # fmt: skip
"""Gems of the SDK and their versions. AWS's runtime has all of ``aws-sdk`` 3."""


def place(family: str) -> Path:
    """Where a family's SDK is, once installed: a link to the version in use."""
    return cache_dir() / "sdk" / family


def nodejs() -> Path:
    """The SDK's ``node_modules``; exists once it is installed."""
    return place("nodejs") / "node_modules"


def python(version: str) -> Path:
    """The SDK's packages for a Python that is too old for the engine's (``3.9``)."""
    return place(f"python{version}")


def ruby(version: str) -> Path:
    """The SDK's gems for a Ruby (``3.1``); exists once they are installed for it."""
    return place(f"ruby{version}")
