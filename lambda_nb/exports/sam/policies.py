"""Statements as SAM's policy templates where one fits, else as statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from lambda_nb.exports.picture import Application, Function, Ref, Text
from lambda_nb.exports.sam.values import Values

_TEMPLATES: dict[str, tuple[str, list[tuple[str, set[str]]]]] = {
    "queue": ("QueueName", [("SQSSendMessagePolicy", {"sqs:SendMessage"})]),
    "topic": ("TopicName", [("SNSPublishMessagePolicy", {"sns:Publish"})]),
    "bus": ("EventBusName", [("EventBridgePutEventsPolicy", {"events:PutEvents"})]),
    "function": ("FunctionName", [("LambdaInvokePolicy", {"lambda:InvokeFunction"})]),
    "table": (
        "TableName",
        [
            (
                "DynamoDBWritePolicy",
                {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"},
            ),
            (
                "DynamoDBReadPolicy",
                {
                    "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query",
                    "dynamodb:BatchGetItem", "dynamodb:DescribeTable",
                },
            ),
            (
                "DynamoDBCrudPolicy",
                {
                    "dynamodb:GetItem", "dynamodb:DeleteItem", "dynamodb:PutItem",
                    "dynamodb:Scan", "dynamodb:Query", "dynamodb:UpdateItem",
                    "dynamodb:BatchWriteItem", "dynamodb:BatchGetItem",
                    "dynamodb:DescribeTable", "dynamodb:ConditionCheckItem",
                },
            ),
        ],
    ),
    "bucket": (
        "BucketName",
        [
            ("S3WritePolicy", {"s3:PutObject", "s3:PutObjectAcl"}),
            (
                "S3ReadPolicy",
                {"s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "s3:GetObjectVersion"},
            ),
            (
                "S3CrudPolicy",
                {
                    "s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation",
                    "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectAcl", "s3:DeleteObject",
                },
            ),
        ],
    ),
}  # fmt: skip
"""Actions of templates (AWS SAM, "Policy template list"), the narrowest first, by kind."""


def policies(function: Function, application: Application, values: Values) -> list[Any]:
    """A function's ``Policies``."""
    actions: dict[str, set[str]] = defaultdict(set)
    texts: dict[str, list[Text]] = defaultdict(list)
    others = []
    for statement in function.statements:
        for text in statement.resources:
            first = text.parts[0] if text.parts else ""
            if isinstance(first, Ref) and first.what == "arn":
                actions[first.id] |= set(statement.actions)
                if text not in texts[first.id]:
                    texts[first.id].append(text)
    fitting = {one: _template(one, called, application) for one, called in actions.items()}
    made: list[Any] = list(function.managed_policies)
    for one, template in fitting.items():
        if template is not None:
            parameter, name = template
            made.append({name: {parameter: values.ref(one, "name", function.id)}})
    for statement in function.statements:
        left = [text for text in statement.resources if not _covered(text, fitting)]
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


def _template(
    identifier: str, called: Iterable[str], application: Application
) -> tuple[str, str] | None:
    resource = application.resources.get(identifier)
    kind = "function" if resource is None else resource.kind
    parameter, templates = _TEMPLATES.get(kind, ("", []))
    for name, allowed in templates:
        if set(called) <= allowed:
            return parameter, name
    return None


def _covered(text: Text, fitting: dict[str, tuple[str, str] | None]) -> bool:
    first = text.parts[0] if text.parts else ""
    return isinstance(first, Ref) and fitting.get(first.id) is not None


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
