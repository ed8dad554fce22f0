"""Signature V4 as botocore signs it, verified by the engine, and every way to get it wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.admission.credentials import Credential
from lambda_nb.engine.api.admission.signature_v4 import (
    MISMATCH,
    Verifier,
    claim_of,
    claimed_service,
)
from lambda_nb.engine.errors import AWSError

KEY = Credential("LNBAKEY", "secret/with+signs", "arn:aws:iam::000000000000:user/me")
ROLE = Credential("LNBSKEY", "another", "arn:aws:sts::000000000000:assumed-role/r/f", "tok/en==")
FOUND = {key.access_key: key for key in (KEY, ROLE)}


def signed(
    method: str = "POST",
    url: str = "http://127.0.0.1:4571/2015-03-31/functions/f/invocations",
    body: bytes = b"{}",
    headers: Mapping[str, str] = {},
    *,
    key: Credential = KEY,
    service: str = "lambda",
    signer: Any = botocore.auth.SigV4Auth,
    **options: Any,
) -> Any:
    request = AWSRequest(method, url, headers=dict(headers), data=body)
    identity = Credentials(key.access_key, key.secret_key, key.token or None)
    signer(identity, service, "us-east-1", **options).add_auth(request)
    return request.prepare()


def verify(
    request: Any, *, later: timedelta = timedelta(), body: bytes | None = None
) -> Credential:
    parts = urlsplit(request.url)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    headers.setdefault("host", parts.netloc)
    content = request.body if body is None else body
    content = content.encode() if isinstance(content, str) else content or b""
    verifier = Verifier(FOUND.get, lambda: datetime.now(timezone.utc) + later)
    claim = claim_of(headers, parts.query)
    digest = headers.get("x-amz-content-sha256", hashlib.sha256(content).hexdigest())
    return verifier.verify(claim, request.method, parts.path, parts.query, headers, digest)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value


def refusal(request: Any, **changes: Any) -> tuple[str, str]:
    with pytest.raises(AWSError) as caught:
        verify(request, **changes)
    assert caught.value.status == 403
    return caught.value.code, caught.value.message


def test_a_signature_by_botocore_is_right() -> None:
    assert verify(signed()) is KEY


def test_a_role_signs_with_its_token() -> None:
    assert verify(signed(key=ROLE)) is ROLE


def test_a_role_without_its_token_is_unknown() -> None:
    bare = Credential(ROLE.access_key, ROLE.secret_key, ROLE.arn)
    code, message = refusal(signed(key=bare))
    assert code == "UnrecognizedClientException"
    assert message == "The security token included in the request is invalid."


@given(
    name=st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20),
    value=st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20),
)
def test_any_path_and_query(name: str, value: str) -> None:
    key, text = quote(name, safe=""), quote(value, safe="")
    url = f"http://h:1/2015-03-31/functions/{key}?{key}={text}&b=&a="
    assert verify(signed("GET", url, b"")) is KEY


@pytest.mark.parametrize("sign", ["%20", "%2B"])
def test_a_plus_sign_of_a_query_may_have_been_signed_as_a_space(sign: str) -> None:
    request = signed("GET", f"http://h:1/2015-03-31/functions?b{sign}=c{sign}d&a=1", b"")
    request.url = request.url.replace(sign, "+")
    assert verify(request) is KEY
    request.url = request.url.replace("c+d", "c-d")
    assert refusal(request) == ("InvalidSignatureException", MISMATCH)


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_any_key_of_s3(name: str) -> None:
    url = f"http://h:1/bucket/{quote(name)}"
    request = signed("PUT", url, b"x", service="s3", signer=botocore.auth.S3SigV4Auth)
    assert verify(request) is KEY


def test_another_body_is_refused() -> None:
    assert refusal(signed(), body=b'{"other": 1}') == ("InvalidSignatureException", MISMATCH)


def test_another_method_path_or_header_is_refused() -> None:
    request = signed(headers={"X-Amz-Invocation-Type": "Event"})
    request.headers["X-Amz-Invocation-Type"] = "RequestResponse"
    assert refusal(request) == ("InvalidSignatureException", MISMATCH)
    request = signed()
    request.method = "PUT"
    assert refusal(request) == ("InvalidSignatureException", MISMATCH)
    request = signed()
    request.url = request.url.replace("/f/", "/g/")
    assert refusal(request) == ("InvalidSignatureException", MISMATCH)


def test_an_unknown_key() -> None:
    code, _ = refusal(signed(key=Credential("AKIAUNKNOWN", "s", "")))
    assert code == "UnrecognizedClientException"


def test_a_wrong_secret() -> None:
    wrong = Credential(KEY.access_key, "wrong", KEY.arn)
    assert refusal(signed(key=wrong)) == ("InvalidSignatureException", MISMATCH)


def test_the_clock_may_be_off_by_five_minutes() -> None:
    assert verify(signed(), later=timedelta(minutes=4, seconds=55)) is KEY
    assert verify(signed(), later=timedelta(minutes=-4, seconds=-55)) is KEY
    code, message = refusal(signed(), later=timedelta(minutes=6))
    assert code == "InvalidSignatureException"
    assert message.startswith("Signature expired: ")
    assert message.endswith(" - 5 min.)")
    code, message = refusal(signed(), later=timedelta(minutes=-6))
    assert message.startswith("Signature not yet current: ")


def test_no_signature() -> None:
    with pytest.raises(AWSError) as caught:
        claim_of({}, "a=b")
    assert (caught.value.code, caught.value.message, caught.value.status) == (
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
        403,
    )


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Bearer abc", "Authorization header requires 'Credential' parameter."),
        ("AWS4-HMAC-SHA256 Credential=a/b", "Authorization header requires 'Signature' parameter."),
        ("AWS4-HMAC-SHA256 Credential=a x, b", "not a valid key=value pair (missing equal-sign)"),
        ("AWS4-HMAC-SHA256 Credential=a/b,Signature=c,SignedHeaders=host", "exactly 5 slash-"),
        ("AWS4-HMAC-SHA1 Credential=a", "Unsupported AWS 'algorithm'"),
    ],
)
def test_an_incomplete_signature(header: str, said: str) -> None:
    with pytest.raises(AWSError) as caught:
        claim_of({"authorization": header, "x-amz-date": "20260101T000000Z"}, "")
    assert caught.value.code == "IncompleteSignatureException"
    assert said in caught.value.message


def test_a_presigned_url_lasts_as_long_as_it_says() -> None:
    url = "http://127.0.0.1:1/2015-03-31/functions/f?Qualifier=%24LATEST"
    signer = botocore.auth.SigV4QueryAuth
    request = signed("GET", url, b"", signer=signer, expires=60)
    assert verify(request) is KEY
    assert verify(request, later=timedelta(seconds=55)) is KEY
    assert refusal(request, later=timedelta(seconds=65))[1].startswith("Signature expired")
    request.url += "&more=1"
    assert refusal(request) == ("InvalidSignatureException", MISMATCH)


@pytest.mark.parametrize("seconds", ["", "-1", "²", "1" * 5000, "604801", "1.5"])
def test_a_presigned_url_lasts_a_number_of_seconds(seconds: str) -> None:
    url = signed("GET", body=b"", signer=botocore.auth.SigV4QueryAuth).url
    changed = url.replace("X-Amz-Expires=3600", f"X-Amz-Expires={quote(seconds)}")
    assert changed != url
    with pytest.raises(AWSError, match="X-Amz-Expires") as raised:
        claim_of({}, urlsplit(changed).query)
    assert raised.value.status == 403


@pytest.mark.parametrize(
    "name",
    [f"X-Amz-{part}" for part in ("Credential", "Date", "Security-Token", "Signature")],
)
def test_a_presigned_url_with_bytes_that_are_no_text(name: str) -> None:
    request = signed("GET", body=b"", signer=botocore.auth.SigV4QueryAuth, key=ROLE)
    request.url = request.url.replace(f"{name}=", f"{name}=%FF")
    with pytest.raises(AWSError) as raised:
        verify(request)
    assert raised.value.status == 403
    raised.value.message.encode()  # it can be told


def test_a_presigned_url_of_s3_leaves_the_payload_unsigned() -> None:
    request = signed(
        "PUT",
        "http://127.0.0.1:1/bucket/a%20b",
        b"",
        service="s3",
        signer=botocore.auth.S3SigV4QueryAuth,
        expires=60,
    )
    assert verify(request, body=b"anything") is KEY


def test_the_service_called_is_read_from_the_scope() -> None:
    request = signed(service="sqs")
    assert claimed_service({"authorization": request.headers["Authorization"]}, "") == "sqs"
    presigned = signed("GET", body=b"", service="s3", signer=botocore.auth.S3SigV4QueryAuth)
    assert claimed_service({}, urlsplit(presigned.url).query) == "s3"
    assert claimed_service({}, "") is None
