"""The pages by which test suites wait for LocalStack, so that they wait for this engine as well."""

from __future__ import annotations

import json
from typing import Any

_SERVICES = (
    "acm", "apigateway", "cloudformation", "cloudfront", "cloudwatch", "cognito-idp", "config",
    "dynamodb", "dynamodbstreams", "ec2", "ecr", "ecs", "elbv2", "events", "firehose", "iam", "iot",
    "kinesis", "kms", "lambda", "logs", "opensearch", "pipes", "rds", "resource-groups",
    "resourcegroupstaggingapi", "route53", "s3", "s3control", "scheduler", "secretsmanager", "ses",
    "sns", "sqs", "ssm", "stepfunctions", "sts",
)  # fmt: skip
"""Names of services as LocalStack's health page has them: they are here, too."""
_READY = {"completed": True, "scripts": []}
_PAGES: dict[str, dict[str, Any]] = {
    "/_localstack/health": {
        "services": dict.fromkeys(_SERVICES, "running"),
        "edition": "lambda_nb",
    },
    "/_localstack/init": {
        "completed": {"BOOT": True, "START": True, "READY": True, "SHUTDOWN": False},
        "scripts": [],
    },
    "/_localstack/init/ready": _READY,
}


def page(method: str, path: str) -> bytes | None:
    """The page of a path as JSON; None if it is no page to wait by."""
    told = _PAGES.get(path) if method in ("GET", "HEAD") else None
    return None if told is None else json.dumps(told).encode()
