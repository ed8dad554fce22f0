"""Which calls may have changed a service."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.neighbours.service_use import ServiceUse, may_change
from lambda_nb.engine.api.wire.http import HttpRequest


def request(method: str = "POST", target: str = "", query: str = "") -> HttpRequest:
    async def receive() -> dict[str, object]:
        return {}

    headers = {"x-amz-target": target} if target else {}
    return HttpRequest(method, "/", query, headers, receive)


@pytest.mark.parametrize(
    ("asked", "body", "changes"),
    [
        (request(target="AmazonSQS.SendMessage"), b"{}", True),
        (request(target="AmazonSQS.GetQueueAttributes"), b"{}", False),
        (request(target="DynamoDB_20120810.PutItem"), b"{}", True),
        (request(target="DynamoDB_20120810.DescribeTable"), b"{}", False),
        (request(target="Kinesis_20131202.ListStreams"), b"{}", False),
        (request(), b"Action=Publish&Message=Action%3DList", True),
        (request(), b"Action=ListTopics&Version=2010-03-31", False),
        (request(), b"Version=2010-03-31&Action=ListSubscriptions", False),
        (request("GET", query="Action=CreateTopic"), b"", True),
        (request("GET", query="list-type=2"), b"", False),
        (request("PUT"), b"content of an object", True),
        (request("HEAD"), b"", False),
        (request("DELETE"), b"", True),
    ],
)
def test_what_changes(asked: HttpRequest, body: bytes, changes: bool) -> None:
    assert may_change(asked, body) is changes


@given(st.binary(max_size=200))
def test_any_body_of_a_post_is_read(body: bytes) -> None:
    assert isinstance(may_change(request(), body), bool)


def test_services_that_were_kept_or_are_elsewhere_count_as_used(tmp_path: Path) -> None:
    for name in ("moto.sqs.us-east-1", "moto.apigatewayv2.x"):
        (tmp_path / name).touch()
    use = ServiceUse(tmp_path, ["s3"])
    assert use.told() == {"s3": 1, "sqs": 1, "apigateway": 1}
    use.answered(request(target="AmazonSQS.SendMessage"), b"{}", "sqs")
    use.answered(request(target="AmazonSNS.ListTopics"), b"{}", "sns")
    assert use.told() == {"s3": 1, "sqs": 2, "apigateway": 1}
