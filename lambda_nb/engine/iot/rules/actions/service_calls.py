"""Calls of AWS services that actions make, and what their refusals mean."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Mapping
from typing import Any

from lambda_nb.engine.aws_calls.upstream import Answer, TooSlow, Unreachable
from lambda_nb.engine.iot.rules.actions.action import ActionError
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.rules.iot.topic_rules import Trouble

TIMEOUT_S = 30.0
"""Seconds for one call of a service."""

_GONE = (502, 503, 504)
_THROTTLES = re.compile(
    r"Throttl|ProvisionedThroughputExceeded|LimitExceeded|SlowDown|TooManyRequests|"
    r"RequestLimitExceeded|ServiceUnavailable"
)
_SHOWN = {
    "dynamodb": "AmazonDynamoDBv2",
    "sqs": "AmazonSQS",
    "sns": "AmazonSNS",
    "s3": "Amazon S3",
    "kinesis": "AmazonKinesis",
    "firehose": "AmazonKinesisFirehose",
    "logs": "AWSLogs",
    "cloudwatch": "AmazonCloudWatch",
    "stepfunctions": "AWSStepFunctions",
    "timestream-write": "AmazonTimestreamWrite",
}
"""What AWS's error messages call services."""


class ServiceRefusedError(ActionError):
    """A service refused a call; ``code`` is its error code."""

    def __init__(self, answer: Answer, service: str) -> None:
        code, message, request = _error(answer)
        again = answer.status >= 500 or answer.status == 429 or bool(_THROTTLES.search(code))
        trouble: Trouble | None = "refused" if again else None
        if answer.status in _GONE:
            trouble = "unreachable"
        shown = _SHOWN.get(service, service)
        super().__init__(
            f"{message} (Service: {shown}; Status Code: {answer.status}; Error Code: {code}; "
            f"Request ID: {request})",
            trouble,
        )
        self.code = code


async def answered(call: Awaitable[Answer], service: str) -> Answer:
    """The answer to a call that a service has carried out.

    Raises
    ------
    ServiceRefusedError
        It refused.
    ActionError
        It does not answer.
    """
    try:
        answer = await call
    except (Unreachable, TooSlow) as error:
        raise ActionError(str(error), "unreachable") from error
    if answer.status >= 300:
        raise ServiceRefusedError(answer, service)
    return answer


async def call_json(
    surroundings: Surroundings,
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    region: str | None = None,
) -> dict[str, Any]:
    """Call an operation by AWS's JSON protocol; raises as :func:`answered` does."""
    call = surroundings.services.json(service, operation, parameters, TIMEOUT_S, region)
    answer = await answered(call, service)
    found: dict[str, Any] = json.loads(answer.body or b"{}")
    return found


async def call_query(
    surroundings: Surroundings,
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    region: str | None = None,
) -> None:
    """Call an operation by AWS's query protocol; raises as :func:`answered` does."""
    call = surroundings.services.query(service, operation, parameters, TIMEOUT_S, region)
    await answered(call, service)


def _error(answer: Answer) -> tuple[str, str, str]:
    """Code, message and request id of a refusal, of JSON or of XML."""
    headers = {name.lower(): value for name, value in answer.headers}
    request = headers.get("x-amzn-requestid") or headers.get("x-amz-request-id", "")
    text = answer.body.decode("utf-8", "replace")
    try:
        told = json.loads(text)
    except ValueError:
        code, message = _tag(text, "Code"), _tag(text, "Message")
        return code or str(answer.status), message or text[:200], request or _tag(text, "RequestId")
    if not isinstance(told, dict):
        return str(answer.status), text[:200], request
    code = str(told.get("__type", answer.status)).rpartition("#")[2]
    return code, str(told.get("message") or told.get("Message") or ""), request


def _tag(text: str, name: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
    return found[1] if found else ""
