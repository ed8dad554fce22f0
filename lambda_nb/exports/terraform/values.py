"""Texts as expressions of Terraform's."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Application, Function, Parameter, Part, Place, Ref, Text
from lambda_nb.exports.reading.identifiers import snake
from lambda_nb.exports.shared import named_only, without_circles
from lambda_nb.exports.terraform.hcl import Expression, escaped, quoted

TYPES = {
    "queue": "aws_sqs_queue",
    "table": "aws_dynamodb_table",
    "stream": "aws_kinesis_stream",
    "bucket": "aws_s3_bucket",
    "topic": "aws_sns_topic",
    "bus": "aws_cloudwatch_event_bus",
    "log_group": "aws_cloudwatch_log_group",
    "http_api": "aws_apigatewayv2_api",
    "rest_api": "aws_api_gateway_rest_api",
}
_PLACES = {
    "account": "data.aws_caller_identity.current.account_id",
    "region": "data.aws_region.current.name",
    "partition": "data.aws_partition.current.partition",
}


class Values:
    """Makes Terraform's expressions of an application's texts."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._named_only = named_only(application)

    def of(self, text: Text, within: str = "") -> Any:
        """A text as a value; ``within`` is the id of the function that it is part of."""
        parts = [piece for part in text.parts for piece in self._resolved(part, within)]
        if all(isinstance(part, str) for part in parts):
            return "".join(map(str, parts))
        if len(parts) == 1:
            return Expression(self._expression(parts[0]))
        inner = (
            escaped(part) if isinstance(part, str) else f"${{{self._expression(part)}}}"
            for part in parts
        )
        return Expression(f'"{"".join(inner)}"')

    def ref(self, identifier: str, what: Any) -> Expression:
        """One name of a resource."""
        return Expression(self._expression(Ref(identifier, what)))

    def invoke_arn(self, function: Function) -> Expression:
        """The ARN by which API Gateway invokes a function, or its alias if it has one."""
        kind = "aws_lambda_alias" if function.alias else "aws_lambda_function"
        return Expression(f"{kind}.{snake(function.id)}.invoke_arn")

    def label(self, identifier: str) -> str:
        """The label of a function or a resource."""
        return snake(identifier)

    def address(self, identifier: str) -> str:
        """The address of a function or a resource: type and label."""
        resource = self._application.resources.get(identifier)
        kind = "aws_lambda_function" if resource is None else TYPES[resource.kind]
        return f"{kind}.{snake(identifier)}"

    def _resolved(self, part: Part, within: str) -> tuple[Part, ...]:
        if isinstance(part, Ref):
            resource = self._application.resources.get(part.id)
            if resource is not None and resource.kind == "log_group" and part.what == "arn":
                return (Ref(part.id, "stream_arn"), ":*")
        return without_circles(self._application, part, within, self._named_only)

    def _expression(self, part: Part) -> str:
        if isinstance(part, str):
            return quoted(part)
        if isinstance(part, Parameter):
            return f"var.{snake(part.name)}"
        if isinstance(part, Place):
            return _PLACES[part.what]
        return f"{self.address(part.id)}.{self._attribute(part)}"

    def _attribute(self, ref: Ref) -> str:
        resource = self._application.resources.get(ref.id)
        kind = "function" if resource is None else resource.kind
        if ref.what == "name":
            return {"function": "function_name", "bucket": "bucket"}.get(kind, "name")
        if ref.what == "stream_arn":
            return "stream_arn" if kind == "table" else "arn"
        return ref.what
