"""Calls of services that integrations make."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from lambda_nb.engine.aws_calls.services import Services, signing_name
from lambda_nb.engine.aws_calls.upstream import Answer, Upstream


class Taken(Upstream):
    """Takes note of the last call."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:4571", ("key", "secret"))
        self.call: tuple[Any, ...] = ()

    async def call_service(self, *call: Any) -> Answer:
        """Take note."""
        self.call = call
        return Answer(200, (), b"{}")


@pytest.fixture
def upstream() -> Taken:
    return Taken()


@pytest.mark.parametrize(
    ("service", "operation", "signed", "target", "version"),
    [
        ("events", "PutEvents", "events", "AWSEvents.PutEvents", "1.1"),
        ("kinesis", "PutRecord", "kinesis", "Kinesis_20131202.PutRecord", "1.1"),
        ("stepfunctions", "StartExecution", "states", "AWSStepFunctions.StartExecution", "1.0"),
        ("dynamodb", "PutItem", "dynamodb", "DynamoDB_20120810.PutItem", "1.0"),
    ],
)
def test_the_json_protocol(
    upstream: Taken, service: str, operation: str, signed: str, target: str, version: str
) -> None:
    asyncio.run(Services(upstream, "eu-west-1").json(service, operation, {"a": 1}, 3))
    name, region, method, path, headers, body, timeout_s = upstream.call
    assert (name, region, method, path, timeout_s) == (signed, "eu-west-1", "POST", "/", 3)
    told: Mapping[str, str] = headers
    assert told["X-Amz-Target"] == target
    assert told["Content-Type"] == f"application/x-amz-json-{version}"
    assert json.loads(body) == {"a": 1}


def test_the_query_protocol(upstream: Taken) -> None:
    services = Services(upstream, "eu-west-1")
    asyncio.run(services.query("sqs", "SendMessage", {"MessageBody": "a b&c"}, 3, "us-east-1"))
    name, region, _, _, headers, body, _ = upstream.call
    assert (name, region) == ("sqs", "us-east-1")
    assert headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert parse_qs(body.decode()) == {
        "Action": ["SendMessage"],
        "Version": ["2012-11-05"],
        "MessageBody": ["a b&c"],
    }


def test_the_rest_protocol(upstream: Taken) -> None:
    asyncio.run(Services(upstream, "eu-west-1").get("appconfig", "/a?b=c", 3))
    assert upstream.call == ("appconfig", "eu-west-1", "GET", "/a?b=c", {}, b"", 3)


def test_names_in_signatures() -> None:
    assert signing_name("elbv2") == "elasticloadbalancing"
