"""Statements as SAM's policy templates where one fits, else as statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet
from typing import Any

from lambda_nb.exports.picture import Application, Function, Ref, Text
from lambda_nb.exports.sam.values import Values

_TEMPLATES: dict[str, tuple[str, dict[str, set[str]]]] = {
    "queue": ("QueueName", {"SQSSendMessagePolicy": {"sqs:SendMessage"}}),
    "topic": ("TopicName", {"SNSPublishMessagePolicy": {"sns:Publish"}}),
    "bus": ("EventBusName", {"EventBridgePutEventsPolicy": {"events:PutEvents"}}),
    "function": ("FunctionName", {"LambdaInvokePolicy": {"lambda:InvokeFunction"}}),
    "table": (
        "TableName",
        {
            "DynamoDBReadPolicy": {
                "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query", "dynamodb:BatchGetItem",
                "dynamodb:DescribeTable",
            },
            "DynamoDBWritePolicy": {
                "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem",
            },
        },
    ),
    "bucket": (
        "BucketName",
        {
            "S3ReadPolicy": {
                "s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "s3:GetObjectVersion",
                "s3:GetLifecycleConfiguration",
            },
        },
    ),
}  # fmt: skip
"""Actions of templates (AWS SAM, "Policy template list"), by kind, each only reading or writing.

Those that read and write, such as ``DynamoDBCrudPolicy``, would let a reader write; and
``S3WritePolicy`` lets a function change when a bucket's objects expire.
"""


def policies(function: Function, application: Application, values: Values) -> list[Any]:
    """A function's ``Policies``."""
    fitting = _fitting(function, application)
    made: list[Any] = list(function.managed_policies)
    for one, names in fitting.items():
        parameter, _ = _templates(one, application)
        made += [{name: {parameter: values.ref(one, "name", function.id)}} for name in names]
    others = []
    for statement in function.statements:
        left = [text for text in statement.resources if _owner(text) not in fitting]
        if left:
            others.append(
                {
                    "Effect": "Allow",
                    "Action": statement.actions,
                    "Resource": _one_or_all([values.of(text, function.id) for text in left]),
                }
            )
    if others:
        made.append({"Version": "2012-10-17", "Statement": others})
    return made


def further(function: Function, application: Application) -> dict[str, list[str]]:
    """The actions that the templates of a function allow beyond what it needs, by template."""
    called = _called(function)
    found: dict[str, set[str]] = defaultdict(set)
    for one, names in _fitting(function, application).items():
        _, templates = _templates(one, application)
        for name in names:
            found[name] |= templates[name] - called[one]
    return {name: sorted(actions) for name, actions in found.items() if actions}


def _fitting(function: Function, application: Application) -> dict[str, list[str]]:
    """The templates that together allow what a function does, by the ids of what it does it to."""
    fitting = {}
    for one, actions in _called(function).items():
        _, templates = _templates(one, application)
        names = [name for name, allowed in templates.items() if allowed & actions]
        if names and actions <= set().union(*(templates[name] for name in names)):
            fitting[one] = names
    return fitting


def _called(function: Function) -> dict[str, AbstractSet[str]]:
    actions: dict[str, set[str]] = defaultdict(set)
    for statement in function.statements:
        for text in statement.resources:
            owner = _owner(text)
            if owner is not None:
                actions[owner] |= set(statement.actions)
    return dict(actions)


def _templates(identifier: str, application: Application) -> tuple[str, dict[str, set[str]]]:
    resource = application.resources.get(identifier)
    kind = "function" if resource is None else resource.kind
    return _TEMPLATES.get(kind, ("", {}))


def _owner(text: Text) -> str | None:
    """The resource that a text is the ARN of, or of a part of."""
    first = text.parts[0] if text.parts else ""
    return first.id if isinstance(first, Ref) and first.what == "arn" else None


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
