"""The topics to which a stack's events are to go: refused if they are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.model import validation_error

_ARN_PARTS = 6
_ACCOUNT_DIGITS = 12


def check(connect: Callable[[str, str | None], Any], topics: Iterable[str]) -> None:
    """Refuse what is no topic, with what SNS says of it.

    Parameters
    ----------
    connect
        Returns a boto3 client of a service in a Region.
    topics
        ARNs.

    Raises
    ------
    AWSError
        ``ValidationError``.
    """
    for topic in topics:
        wrong = _wrong(topic)
        if wrong:
            raise _refusal(f"Invalid parameter: {wrong}", "InvalidParameter", 400, uuid4())
        _look_up(connect, topic)


def _wrong(topic: str) -> str | None:
    parts = topic.split(":")
    if len(parts) < _ARN_PARTS:
        return f"TopicArn Reason: An ARN must have at least {_ARN_PARTS} elements, not {len(parts)}"
    if (parts[0], parts[2]) != ("arn", "sns") or len(parts) > _ARN_PARTS or not parts[5]:
        return f"TopicArn: {topic} is not the ARN of an SNS topic"
    if not (parts[4].isdecimal() and len(parts[4]) == _ACCOUNT_DIGITS):
        return "AccountId"
    return None


def _look_up(connect: Callable[[str, str | None], Any], topic: str) -> None:
    from botocore.exceptions import ClientError  # late: boto3's parts take long to import

    try:
        connect("sns", topic.split(":")[3] or None).get_topic_attributes(TopicArn=topic)
    except ClientError as error:
        told, meta = error.response["Error"], error.response["ResponseMetadata"]
        raise _refusal(
            told["Message"], told["Code"], meta["HTTPStatusCode"], meta.get("RequestId", "")
        ) from error


def _refusal(text: str, code: str, status: int, request_id: str) -> AWSError:
    return validation_error(
        f"{text} (Service: AmazonSNS; Status Code: {status}; Error Code: {code}; Request ID: "
        f"{request_id}; Proxy: null)"
    )
