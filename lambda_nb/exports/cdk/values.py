"""Texts as expressions of Python, in a stack of the CDK."""

from __future__ import annotations

import keyword
from typing import Any

from lambda_nb.exports.cdk.source import Code, literal
from lambda_nb.exports.picture import Application, Parameter, Part, Place, Text
from lambda_nb.exports.reading.identifiers import snake
from lambda_nb.exports.shared import named_only, without_circles

_ATTRIBUTES = {
    "queue": "queue",
    "table": "table",
    "stream": "stream",
    "bucket": "bucket",
    "topic": "topic",
    "bus": "event_bus",
    "log_group": "log_group",
    "function": "function",
}
_MODULES = {
    "apigateway", "apigwv2", "authorizers", "cognito", "destinations", "dynamodb", "events", "iam",
    "integrations", "iot", "kinesis", "logs", "logs_destinations", "notifications", "s3",
    "scheduler", "scheduler_targets", "sns", "sources", "sqs", "subscriptions", "targets", "self",
}  # fmt: skip
"""Names that the stack's module has already."""


class Values:
    """Makes Python's expressions of an application's texts."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._named_only = named_only(application)

    def of(self, text: Text, within: str = "") -> Any:
        """A text as a value; ``within`` is the id of the function that it is part of."""
        parts = [
            piece
            for part in text.parts
            for piece in without_circles(self._application, part, within, self._named_only)
        ]
        if all(isinstance(part, str) for part in parts):
            return "".join(map(str, parts))
        if len(parts) == 1:
            return Code(self._expression(parts[0]))
        inner = [
            literal(part)[1:-1].replace("{", "{{").replace("}", "}}").replace('"', '\\"')
            if isinstance(part, str)
            else f"{{{self._expression(part)}}}"
            for part in parts
        ]
        return Code(f'f"{"".join(inner)}"')

    def variable(self, identifier: str) -> Code:
        """The variable of a function or a resource."""
        name = snake(identifier)
        return Code(f"{name}_" if keyword.iskeyword(name) or name in _MODULES else name)

    def _expression(self, part: Part) -> str:
        if isinstance(part, str):
            return literal(part)
        if isinstance(part, Parameter):
            return f"{self.variable(part.name)}.value_as_string"
        if isinstance(part, Place):
            return f"self.{part.what}"
        resource = self._application.resources.get(part.id)
        kind = "function" if resource is None else resource.kind
        what = {"stream_arn": "stream_arn"}.get(part.what, part.what)
        return f"{self.variable(part.id)}.{_ATTRIBUTES[kind]}_{what}"
