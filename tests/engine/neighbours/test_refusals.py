"""What this engine does not have is refused in the protocol of the client."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from engine_fixtures import Engine, error_of


@pytest.mark.parametrize(
    ("protocol", "service", "operation", "signed"),
    [
        ("json", "inspector", "list_findings", "inspector"),
        ("query", "cloudsearch", "describe_domains", "cloudsearch"),
        ("rest-json", "appflow", "list_flows", "appflow"),
        ("rest-json", "s3outposts", "list_endpoints", "s3-outposts"),
    ],
)
def test_a_service_that_is_not_here_is_named(
    engine: Engine, protocol: str, service: str, operation: str, signed: str
) -> None:
    client = engine.client(service)
    assert client.meta.service_model.resolved_protocol == protocol
    code, text = error_of(getattr(client, operation))
    assert code == "NotImplementedException"
    assert text.startswith(f"This engine has no service {signed}. Call AWS itself for it, or ")
    assert "--neighbour NAME=URL" in text


@pytest.mark.parametrize(
    ("protocol", "service", "call", "says"),
    [
        (
            "rest-json",
            "bedrock-agent-runtime",
            lambda client: client.retrieve(
                knowledgeBaseId="ABCDEFGHIJ", retrievalQuery={"text": "x"}
            ),
            "bedrock of this engine does not have an operation POST /knowledgebases/ABCDEFGHIJ/",
        ),
        (
            "rest-xml",
            "route53",
            lambda client: client.list_cidr_collections(),
            "route53 of this engine does not have an operation GET /2013-04-01/cidrcollection.",
        ),
        (
            "ec2",
            "ec2",
            lambda client: client.describe_vpc_endpoint_associations(),
            "ec2 of this engine does not have the operation describe_vpc_endpoint_associations.",
        ),
        (
            "json",
            "kms",
            lambda client: client.describe_custom_key_stores(),
            "kms of this engine does not have the operation describe_custom_key_stores.",
        ),
    ],
)
def test_an_operation_that_is_not_here_is_named(
    engine: Engine, protocol: str, service: str, call: Callable[[Any], Any], says: str
) -> None:
    client = engine.client(service)
    assert client.meta.service_model.resolved_protocol == protocol
    code, text = error_of(lambda: call(client))
    assert code == "NotImplementedException"
    assert text.startswith(f"The service {says}")
    assert "--neighbour NAME=URL" in text


def test_a_client_tries_it_once(engine: Engine) -> None:
    client = engine.client("appflow", config=Config(retries={"total_max_attempts": 4}))
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.list_flows()
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_service_that_fails_says_so(engine: Engine) -> None:
    keys = Credentials(engine.keys["aws_access_key_id"], engine.keys["aws_secret_access_key"])
    body, headers = b"{}", {"Content-Type": "application/x-amz-json-1.0"}  # names no operation
    request = AWSRequest("POST", engine.url + "/", data=body, headers=headers)
    SigV4Auth(keys, "dynamodb", engine.region).add_auth(request)
    sent = urllib.request.Request(engine.url + "/", body, dict(request.headers.items()))
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(sent, timeout=60)
    with caught.value as answer:
        told = json.loads(answer.read())
    assert (answer.code, told["__type"]) == (500, "InternalFailure")
    assert told["message"].startswith("The service dynamodb of this engine failed: KeyError(")
    assert "moto.log" in told["message"]
