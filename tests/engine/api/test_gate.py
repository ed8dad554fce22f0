"""Which of several signatures in one request counts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as Keys

from lambda_nb.engine.api.admission.credentials import Credentials
from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError

HOST = "127.0.0.1:4571"
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "credentials", account="000000000000", region="us-east-1")


@pytest.fixture
def gate(credentials: Credentials) -> Gate:
    return Gate(credentials, region="us-east-1")


def link(credentials: Credentials) -> str:
    """The query of a link to an object, in the old form."""
    access_key, secret = credentials.keys
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{HOST}",
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=Config(signature_version="s3", s3={"addressing_style": "path"}),
    )
    url = client.generate_presigned_url("get_object", Params={"Bucket": "prod", "Key": "x"})
    client.close()
    return urlsplit(url).query


async def nothing() -> dict[str, object]:
    return {"type": "http.request"}


def asked(query: str, **headers: str) -> HttpRequest:
    return HttpRequest("GET", "/prod/x", query, {"host": HOST, **headers}, nothing)


def test_a_link_of_the_old_form(credentials: Credentials, gate: Gate) -> None:
    caller = gate.glance(asked(link(credentials))).admit(EMPTY, anywhere=True)
    assert caller.access_key == credentials.user.access_key


def test_a_link_does_not_stand_in_for_the_signature_that_is_claimed(
    credentials: Credentials, gate: Gate
) -> None:
    claimed = (
        f"AWS4-HMAC-SHA256 Credential={credentials.user.access_key}/20260101/us-east-1/"
        "execute-api/aws4_request, SignedHeaders=host, Signature=00"
    )
    date = "Thu, 01 Jan 2026 00:00:00 GMT"
    request = asked(link(credentials), authorization=claimed, date=date)
    with pytest.raises(AWSError) as raised:
        gate.glance(request).admit(EMPTY, anywhere=True)
    assert raised.value.status == 403


def test_a_signature_counts_beside_a_link(credentials: Credentials, gate: Gate) -> None:
    query = link(credentials)
    request = AWSRequest("GET", f"http://{HOST}/prod/x?{query}", headers={"Host": HOST})
    SigV4Auth(Keys(*credentials.keys), "execute-api", "us-east-1").add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    del headers["host"]
    caller = gate.glance(asked(query, **headers)).admit(EMPTY, anywhere=True)
    assert caller.access_key == credentials.user.access_key
