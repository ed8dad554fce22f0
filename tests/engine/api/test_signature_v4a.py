"""Signature Version 4A as botocore signs it with awscrt, verified by the engine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import pytest
from botocore.auth import AUTH_TYPE_MAPS
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as Keys
from engine_fixtures import Engine, error_of
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.admission import signature_v4a
from lambda_nb.engine.api.admission.credentials import Credential, Credentials
from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.admission.signature_v4 import (
    MISMATCH,
    Verifier,
    claim_of,
    claimed_scope,
)
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError

pytest.importorskip("awscrt", reason="needs awscrt, which signs (pip install awscrt)")

VALUES = "cloudfront-keyvaluestore"
KEY = Credential("LNBAKEY", "secret/with+signs", "arn:aws:iam::000000000000:user/me")
ROLE = Credential("LNBSKEY", "another", "arn:aws:sts::000000000000:assumed-role/r/f", "tok/en==")
FOUND = {key.access_key: key for key in (KEY, ROLE)}
STORE = "http://000000000000.localhost:4571/key-value-stores/arn%3Aaws%3Acloudfront/keys/a"
TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)
WRONG = ("InvalidSignatureException", MISMATCH)


def signed(
    method: str = "PUT",
    url: str = STORE,
    body: bytes = b'{"Value": "b"}',
    headers: Mapping[str, str] = {},
    *,
    key: Credential = KEY,
    service: str = VALUES,
    regions: str = "*",
    by: str = "v4a",
    **options: Any,
) -> Any:
    request = AWSRequest(method, url, headers=dict(headers), data=body)
    identity = Keys(key.access_key, key.secret_key, key.token or None)
    signer: Any = AUTH_TYPE_MAPS[by]
    signer(identity, service, regions, **options).add_auth(request)
    return request.prepare()


def parts_of(request: Any) -> tuple[str, str, dict[str, str]]:
    """Path, query and headers as the engine gets them."""
    url = urlsplit(request.url)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    headers.setdefault("host", url.netloc)
    return url.path, url.query, headers


def verify(
    request: Any, *, later: timedelta = timedelta(), body: bytes | None = None
) -> Credential:
    path, query, headers = parts_of(request)
    digest = hashlib.sha256((request.body if body is None else body) or b"").hexdigest()
    verifier = Verifier(FOUND.get, lambda: datetime.now(timezone.utc) + later)
    claim = claim_of(headers, query)
    return verifier.verify(claim, request.method, path, query, headers, digest)


def refusal(request: Any, **changes: Any) -> tuple[str, str]:
    with pytest.raises(AWSError) as caught:
        verify(request, **changes)
    assert caught.value.status == 403
    return caught.value.code, caught.value.message


def test_the_key_of_the_published_example() -> None:
    # The public key of the test suite v4a of awslabs/aws-c-auth.
    from cryptography.hazmat.primitives.asymmetric import ec

    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    number = signature_v4a.private_number("AKIDEXAMPLE", secret)
    point = ec.derive_private_key(number, ec.SECP256R1()).public_key().public_numbers()
    assert f"{point.x:x}" == "b6618f6a65740a99e650b33b6b4b5bd0d43b176d721a3edfea7e7d2d56d936b1"
    assert f"{point.y:x}" == "865ed22a7eadc9c5cb9d2cbaca1b3699139fedc5043dc6661864218330c8e518"


@given(access_key=st.from_regex(r"[A-Z0-9]{4,20}", fullmatch=True), secret=TEXT.filter(bool))
def test_any_key(access_key: str, secret: str) -> None:
    key = Credential(access_key, secret, KEY.arn)
    path, query, headers = parts_of(signed(key=key))
    digest = hashlib.sha256(b'{"Value": "b"}').hexdigest()
    verifier = Verifier({access_key: key}.get)
    assert verifier.verify(claim_of(headers, query), "PUT", path, query, headers, digest) is key


@given(
    method=st.sampled_from(["GET", "PUT", "DELETE", "POST"]),
    name=TEXT.filter(lambda name: name not in ("", ".", "..")),
    value=TEXT,
    body=st.binary(max_size=50),
    role=st.booleans(),
)
def test_any_request(method: str, name: str, value: str, body: bytes, role: bool) -> None:
    word, text = quote(name, safe=""), quote(value, safe="")
    url = f"http://h:1/key-value-stores/{word}/keys?{word}={text}&b=&a="
    key = ROLE if role else KEY
    request = signed(method, url, body, {"If-Match": f"E {len(value)}"}, key=key)
    assert verify(request) is key
    assert refusal(request, body=body + b"!") == WRONG


@given(TEXT.filter(bool))
def test_any_key_of_s3(name: str) -> None:
    request = signed("PUT", f"http://h:1/bucket/{quote(name)}", b"x", service="s3", by="s3v4a")
    assert verify(request) is KEY


def test_another_header_method_path_or_query_is_refused() -> None:
    for change in ("If-Match", "X-Amz-Region-Set", "Host", "X-Amz-Date"):
        request = signed(headers={"If-Match": "E1", "Host": "000000000000.localhost:4571"})
        other = datetime.now(timezone.utc) - timedelta(seconds=9)
        date = change == "X-Amz-Date"
        del request.headers[change]
        request.headers[change] = f"{other:%Y%m%dT%H%M%SZ}" if date else "other"
        assert refusal(request) == WRONG, change
    request = signed()
    request.method = "DELETE"
    assert refusal(request) == WRONG
    for url in (f"{STORE}b", f"{STORE}?a=b"):
        request = signed()
        request.url = url
        assert refusal(request) == WRONG


def test_a_wrong_secret_key_or_token() -> None:
    assert refusal(signed(key=Credential(KEY.access_key, "wrong", KEY.arn))) == WRONG
    for key in (
        Credential("AKIAUNKNOWN", KEY.secret_key, ""),
        Credential(ROLE.access_key, ROLE.secret_key, ROLE.arn),
    ):
        code, message = refusal(signed(key=key))
        assert code == "UnrecognizedClientException"
        assert message == "The security token included in the request is invalid."


@pytest.mark.parametrize("signature", ["00", "xyz", "é", "3006020100020100"])
def test_what_is_no_signature(signature: str) -> None:
    request = signed()
    value = request.headers["Authorization"]
    value = value.decode() if isinstance(value, bytes) else value
    del request.headers["Authorization"]
    request.headers["Authorization"] = f"{value.rpartition('=')[0]}={signature}"
    assert refusal(request) == WRONG


def test_the_clock_may_be_off_by_five_minutes() -> None:
    assert verify(signed(), later=timedelta(minutes=4, seconds=55)) is KEY
    assert refusal(signed(), later=timedelta(minutes=6))[1].startswith("Signature expired: ")
    early = refusal(signed(), later=timedelta(minutes=-6))[1]
    assert early.startswith("Signature not yet current: ")


def test_the_set_of_regions_is_signed() -> None:
    request = signed()
    value = request.headers["Authorization"]
    del request.headers["Authorization"]
    request.headers["Authorization"] = value.replace(";x-amz-region-set", "")
    assert refusal(request) == (
        "InvalidSignatureException",
        "'X-Amz-Region-Set' must be a 'SignedHeader' in the AWS Authorization.",
    )
    del request.headers["X-Amz-Region-Set"]
    code, message = refusal(request)
    assert code == "IncompleteSignatureException"
    assert "requires existence of a 'X-Amz-Region-Set' header." in message


@pytest.mark.parametrize(
    ("algorithm", "credential", "said"),
    [
        ("AWS4-ECDSA-P256-SHA256", "a/20260101/s3", "exactly 4 slash-delimited elements"),
        ("AWS4-HMAC-SHA256", "a/20260101/s3/aws4_request", "exactly 5 slash-delimited elements"),
        ("AWS4-ECDSA-P256-SHA512", "a/20260101/s3/aws4_request", "Unsupported AWS 'algorithm'"),
    ],
)
def test_an_incomplete_scope(algorithm: str, credential: str, said: str) -> None:
    header = f"{algorithm} Credential={credential}, SignedHeaders=host, Signature=00"
    told = {"authorization": header, "x-amz-date": "20260101T000000Z", "x-amz-region-set": "*"}
    with pytest.raises(AWSError, match=said) as caught:
        claim_of(told, "")
    assert caught.value.code == "IncompleteSignatureException"


def test_the_scope_of_one_version_does_not_stand_for_that_of_the_other() -> None:
    """A Region between date and service would let one signature name two services."""
    request = signed(service="us-east-1/lambda")
    assert refusal(request)[0] == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("regions", "region"),
    [("*", None), ("eu-west-1", "eu-west-1"), ("us-*,eu-west-1", "eu-west-1")],
)
def test_what_is_claimed(regions: str, region: str | None) -> None:
    _, query, headers = parts_of(signed(regions=regions))
    assert claimed_scope(headers, query) == (region, VALUES)
    _, query, headers = parts_of(signed("GET", body=b"", regions=regions, by="s3v4a-query"))
    assert "authorization" not in headers
    assert claimed_scope(headers, query) == (region, VALUES)


def test_a_presigned_url_lasts_as_long_as_it_says() -> None:
    url = "http://127.0.0.1:1/bucket/a%20b?versionId=1"
    options: dict[str, Any] = {"service": "s3", "by": "s3v4a-query", "expires": 60}
    request = signed("GET", url, b"", **options)
    assert verify(request, body=b"anything", later=timedelta(seconds=55)) is KEY
    assert refusal(request, later=timedelta(seconds=65))[1].startswith("Signature expired")
    right = request.url
    for wrong in (f"{right}&more=1", right.replace("Region-Set=%2A", "Region-Set=eu-west-1")):
        assert wrong != right
        request.url = wrong
        assert refusal(request) == WRONG
    request.url = right.replace("X-Amz-Region-Set=%2A", "X-Amz-Region-Set=")
    assert refusal(request)[0] == "IncompleteSignatureException"


@pytest.mark.parametrize(
    ("regions", "said"),
    [("*", None), ("us-east-1", None), ("us-*", None), ("eu-*", "eu-*"), ("us-east-11", "us-e")],
)
def test_a_signature_counts_in_its_regions(tmp_path: Path, regions: str, said: str | None) -> None:
    credentials = Credentials(tmp_path / "credentials", account="0" * 12, region="us-east-1")
    gate = Gate(credentials, region="us-east-1")
    url = "http://127.0.0.1:1/2015-03-31/functions"
    sent = signed("GET", url, b"", key=credentials.user, service="lambda", regions=regions)
    path, query, headers = parts_of(sent)

    async def nothing() -> dict[str, object]:
        return {"type": "http.request"}

    visitor = gate.glance(HttpRequest("GET", path, query, headers, nothing))
    empty = hashlib.sha256(b"").hexdigest()
    if said is None:
        assert visitor.admit(empty).access_key == credentials.user.access_key
    else:
        with pytest.raises(AWSError, match="a valid region, not '" + said.replace("*", r"\*")):
            visitor.admit(empty)
    with pytest.raises(AWSError, match="scoped to correct service: 'logs'"):
        visitor.admit(empty, service="logs")


def test_lambda_and_s3_take_such_signatures(engine: Engine) -> None:
    """Any client may be told to sign so."""
    config = Config(signature_version="v4a")
    functions = engine.client("lambda", config=config)
    assert "Functions" in functions.list_functions()
    s3 = engine.client("s3", config=Config(signature_version="s3v4a"))
    bucket = engine.name("bucket")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a b", Body=b"content")
    assert s3.get_object(Bucket=bucket, Key="a b")["Body"].read() == b"content"
    wrong = {**engine.keys, "aws_secret_access_key": "wrong"}
    stranger = boto3.client(
        "s3",
        endpoint_url=engine.url,
        region_name=engine.region,
        **wrong,
        config=Config(signature_version="s3v4a", retries={"total_max_attempts": 1}),
    )
    assert error_of(lambda: stranger.get_object(Bucket=bucket, Key="a b"))[0] in (
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
    )
    stranger.close()
