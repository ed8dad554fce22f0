"""Who is let through to the cache."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Literal

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request, Viewer
from lambda_nb.engine.edge.settings import (
    Behaviour,
    CachePolicy,
    Distribution,
    OriginRequestPolicy,
)
from lambda_nb.engine.edge.viewer import admission
from lambda_nb.engine.edge.viewer.admission import Refusal

HOST = "d1.cloudfront.localhost:8080"
SITE = f"http://{HOST}"
VIEWER = Viewer("192.0.2.1", 4711, "MC", "http", "FRA", "the-id==")
BEHAVIOUR = Behaviour(
    pattern="*",
    target="site",
    viewer_protocol="allow-all",
    allowed_methods=frozenset({"GET", "HEAD"}),
    cached_methods=frozenset({"GET", "HEAD"}),
    compress=False,
    cache=CachePolicy("p", 0, 0, 0),
    origin_request=OriginRequestPolicy("o"),
)
DISTRIBUTION = Distribution(
    id="E1",
    arn="arn:aws:cloudfront::123456789012:distribution/E1",
    domain="d1.cloudfront.net",
    aliases=(),
    enabled=True,
    staging=False,
    root_object="",
    origins={},
    groups={},
    behaviours=(BEHAVIOUR,),
    errors={},
)
ALL = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


def asked(method: str = "GET", body: bytes = b"", query: str = "b=c") -> Request:
    return Request(method, "/a", query, Headers(), body)


def refused(
    request: Request,
    behaviour: Behaviour = BEHAVIOUR,
    distribution: Distribution = DISTRIBUTION,
    viewer: Viewer = VIEWER,
    http_version: str = "HTTP/1.1",
) -> Refusal | None:
    return admission.refusal(distribution, behaviour, request, viewer, HOST, http_version)


def page(found: Refusal | None) -> str:
    assert found is not None
    assert isinstance(found.response.body, bytes)
    return found.response.body.decode()


def test_most_are_let_through() -> None:
    assert refused(asked()) is None
    assert admission.oversize(asked(), SITE, "id") is None


def test_methods() -> None:
    found = refused(asked("POST"))
    assert found is not None
    assert (found.response.status, found.detail) == (403, "InvalidRequestMethod")
    assert "The distribution supports only cachable requests." in page(found)
    assert "Request ID: the-id==" in page(found)
    everything = replace(BEHAVIOUR, allowed_methods=ALL)
    assert refused(asked("POST"), everything) is None
    assert "cachable" not in page(refused(asked("TRACE"), everything))


def test_a_get_with_a_body() -> None:
    assert "Bad request." in page(refused(asked(body=b"x")))


def test_countries() -> None:
    blocked = replace(DISTRIBUTION, geo_blocked=frozenset({"MC"}))
    found = refused(asked(), distribution=blocked)
    assert found is not None
    assert (found.response.status, found.detail) == (403, "ClientGeoBlocked")
    assert "configured to block access from your country." in page(found)
    allowed = replace(DISTRIBUTION, geo_allowed=frozenset({"MC"}))
    assert refused(asked(), distribution=allowed) is None


@pytest.mark.parametrize(("method", "status"), [("GET", 301), ("POST", 307)])
def test_redirects(method: str, status: int) -> None:
    behaviour = replace(BEHAVIOUR, allowed_methods=ALL, viewer_protocol="redirect-to-https")
    found = refused(asked(method), behaviour)
    assert found is not None
    assert (found.response.status, found.outcome) == (status, "Redirect")
    assert found.response.headers.get("location") == f"https://{HOST}/a?b=c"
    assert refused(asked(method), behaviour, viewer=replace(VIEWER, protocol="https")) is None


@pytest.mark.parametrize("policy", ["https-only", "redirect-to-https"])
def test_http_that_is_refused(policy: Literal["https-only", "redirect-to-https"]) -> None:
    behaviour = replace(BEHAVIOUR, allowed_methods=ALL, viewer_protocol=policy)
    found = refused(asked("POST"), behaviour, http_version="HTTP/1.0")
    assert found is not None
    assert (found.response.status, found.outcome) == (403, "Error")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (Request("GET", "/" + "a" * 8192, "", Headers()), 414),
        (Request("GET", "/", "a" * 8192, Headers()), 414),
        (Request("GET", "/", "", Headers([("Cookie", "a" * 32768)])), 494),
    ],
    ids=["path", "query", "headers"],
)
def test_what_is_too_long(request_: Request, status: int) -> None:
    found = admission.oversize(request_, SITE, "id")
    assert found is not None
    assert found.response.status == status
    assert f"<H1>{status} ERROR</H1>" in page(found)


def test_open_behaviours_leave_parameters_alone() -> None:
    request = asked(query="Expires=5&Signature=x")
    assert admission.signed_in(BEHAVIOUR, request, VIEWER, SITE, 0.0) is request


def test_behaviours_that_need_a_signature() -> None:
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    behaviour = replace(BEHAVIOUR, trusted_keys={"K1": public.decode()})
    unsigned = admission.signed_in(behaviour, asked(), VIEWER, SITE, 0.0)
    assert isinstance(unsigned, Refusal)
    assert unsigned.response.status == 403
    assert unsigned.response.headers.get("content-type") == "text/xml"
    assert "<Code>MissingKey</Code>" in page(unsigned)
    assert "trusted key group" in unsigned.why
    options = asked("OPTIONS")
    assert admission.signed_in(behaviour, options, VIEWER, SITE, 0.0) is options

    def sign(message: bytes) -> bytes:
        return private.sign(message, padding.PKCS1v15(), hashes.SHA1())

    url: str = CloudFrontSigner("K1", sign).generate_presigned_url(
        f"{SITE}/a?b=c", date_less_than=datetime.fromtimestamp(100, timezone.utc)
    )
    signed = asked(query=url.partition("?")[2])
    let = admission.signed_in(behaviour, signed, VIEWER, SITE, 99.0)
    assert isinstance(let, Request)
    assert let.querystring == "b=c"
    late = admission.signed_in(behaviour, signed, VIEWER, SITE, 100.0)
    assert "<Code>AccessDenied</Code><Message>Access denied</Message>" in page(
        late if isinstance(late, Refusal) else None
    )
