"""What viewers may ask of a distribution, and by which names, protocols and signatures."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import socket
import ssl
import time
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import brotli
import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from edge_configuration_lab import METHODS, listed
from edge_site_lab import (
    CACHING_OPTIMIZED,
    Answer,
    Site,
    Told,
    ask,
    behaviour,
    distribute,
    reconfigure,
)
from engine_fixtures import Engine

CORS_WITH_PREFLIGHT = "5cc3b908-e619-4b99-88e5-2cf7f45965bd"
CACHED = behaviour(CachePolicyId=CACHING_OPTIMIZED)
CERTIFICATE = {
    "ACMCertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1",
    "SSLSupportMethod": "sni-only",
    "MinimumProtocolVersion": "TLSv1.2_2021",
}
FORBIDDEN = 403


def raw(engine: Engine, request: bytes) -> bytes:
    """All that the engine says to some bytes."""
    at = urlsplit(engine.url)
    with socket.create_connection((at.hostname or "", at.port or 0), 60) as line:
        line.sendall(request)
        said = b""
        while part := line.recv(65536):
            said += part
    return said


def securely(engine: Engine, name: str, path: str = "/", **checks: Any) -> Answer:
    """Ask over TLS; the certificate is checked by the engine's own authority."""
    trusted = engine.data_dir / "tls/public/lambda-nb.pem"
    deadline = time.monotonic() + 60
    while not (engine.data_dir / "tls/server.pem").exists():
        assert time.monotonic() < deadline, "no certificate was made"
        time.sleep(0.02)
    context = ssl.create_default_context(cafile=trusted)
    context.check_hostname = checks.get("check", True)
    port = urlsplit(engine.url).port or 0
    with (
        socket.create_connection(("127.0.0.1", port), 60) as line,
        context.wrap_socket(line, server_hostname=name) as secured,
    ):
        head = f"GET {path} HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n"
        secured.sendall(head.encode())
        answer = http.client.HTTPResponse(secured)
        answer.begin()
        return Answer(answer.status, answer.getheaders(), answer.read())


def test_https_at_the_same_port(engine: Engine, site: Site) -> None:
    name = engine.name("shop")
    identifier = distribute(
        engine,
        site.origin(),
        Aliases=listed(f"www.{name}.example"),
        ViewerCertificate=CERTIFICATE,
        DefaultCacheBehavior=behaviour(ViewerProtocolPolicy="https-only"),
    )
    host = f"{identifier.lower()}.cloudfront.localhost"
    assert ask(engine, identifier).status == FORBIDDEN
    assert securely(engine, host, "/a").json["target"] == "/a"
    # The engine has no certificate for other people's names: a viewer is told so.
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        securely(engine, f"www.{name}.example")
    assert securely(engine, f"www.{name}.example", "/a", check=False).json["target"] == "/a"


def test_a_redirect_leads_to_where_https_is_answered(engine: Engine, site: Site) -> None:
    told = behaviour(ViewerProtocolPolicy="redirect-to-https")
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=told)
    location = urlsplit(ask(engine, identifier, "/a?b=1").header("Location") or "")
    assert location.port == urlsplit(engine.url).port
    target = f"{location.path}?{location.query}"
    assert securely(engine, location.hostname or "", target).status == 200


def test_names_that_are_nobodys(engine: Engine, site: Site) -> None:
    identifier = distribute(engine, site.origin(), Enabled=False)
    disabled = ask(engine, identifier)
    assert (disabled.status, b"disabled" in disabled.body) == (FORBIDDEN, True)
    # A page of anybody's may lead its own name to this machine: no distribution answers there.
    stranger = ask(engine, "www.a-stranger.example")
    assert stranger.status == FORBIDDEN
    assert stranger.header("X-Amz-Cf-Id") is None
    assert site.asked == []


def test_every_address_of_a_distribution(engine: Engine, site: Site) -> None:
    identifier = distribute(engine, site.origin())
    told = engine.client("cloudfront").get_distribution(Id=identifier)["Distribution"]
    for host in (
        told["DomainName"].partition(":")[0],
        f"{identifier}.cloudfront.localhost",
        f"{identifier.lower()}.cloudfront.net",
        f"{identifier.lower()}.cloudfront.localhost.localstack.cloud",
    ):
        assert ask(engine, host, "/a").status == 200, host
    own = urlsplit(engine.url).netloc
    by_path = f"GET /cloudfront/{identifier}/b HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n"
    assert b'"target": "/b"' in raw(engine, by_path.encode())


def test_old_and_short_clients(engine: Engine, site: Site) -> None:
    site.told["/a"] = Told(headers=[("ETag", '"v1"')], body=b"hello")
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=CACHED)
    host = f"{identifier.lower()}.cloudfront.localhost"
    old = raw(engine, f"GET /a HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
    head, _, body = old.partition(b"\r\n\r\n")
    assert (head.split(b"\r\n")[0].split(b" ")[1], body) == (b"200", b"hello")
    assert b"transfer-encoding" not in head.lower()
    changed = ask(engine, identifier, "/a", ("If-None-Match", '"v0"'))
    assert (changed.status, changed.body) == (200, b"hello")
    since = ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")
    assert ask(engine, identifier, "/a", since).status == 200  # there is no date to compare


def test_a_preflight_request(engine: Engine, site: Site) -> None:
    every = {**listed(*METHODS), "CachedMethods": listed("GET", "HEAD", "OPTIONS")}
    site.told["/a"] = Told(204, body=b"")
    identifier = distribute(
        engine,
        site.origin(),
        DefaultCacheBehavior=behaviour(
            AllowedMethods=every, ResponseHeadersPolicyId=CORS_WITH_PREFLIGHT
        ),
        CacheBehaviors=listed(behaviour("/closed/*")),
    )
    asked = (
        ("Origin", "https://shop.example"),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "x-own"),
    )
    answer = ask(engine, identifier, "/a", *asked, method="OPTIONS")
    assert answer.status == 204
    assert answer.header("Access-Control-Allow-Origin") == "*"
    assert "PUT" in (answer.header("Access-Control-Allow-Methods") or "")
    refused = ask(engine, identifier, "/closed/a", *asked, method="OPTIONS")
    assert refused.status == FORBIDDEN


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_compression_through_the_cache(engine: Engine, site: Site, coding: str) -> None:
    text = b"<p>hello</p>" * 500
    site.told["/a.html"] = Told(headers=[("Content-Type", "text/html")], body=text)
    site.told["/a.jpg"] = Told(headers=[("Content-Type", "image/jpeg")], body=text)
    identifier = distribute(
        engine, site.origin(), DefaultCacheBehavior={**CACHED, "Compress": True}
    )
    unpack = {"gzip": gzip.decompress, "br": brotli.decompress}[coding]
    for outcome in ("Miss", "Hit"):
        answer = ask(engine, identifier, "/a.html", ("Accept-Encoding", f"{coding}, identity"))
        assert (answer.cache, answer.header("Content-Encoding")) == (outcome, coding)
        assert unpack(answer.body) == text
        assert answer.header("Vary") == "Accept-Encoding"
    picture = ask(engine, identifier, "/a.jpg", ("Accept-Encoding", coding))
    assert (picture.header("Content-Encoding"), picture.body) == (None, text)


def test_nothing_is_compressed_for_http_1_0(engine: Engine, site: Site) -> None:
    text = b"<p>hello</p>" * 500
    for path in ("/old-first", "/new-first"):
        site.told[path] = Told(headers=[("Content-Type", "text/html")], body=text)
    identifier = distribute(
        engine, site.origin(), DefaultCacheBehavior={**CACHED, "Compress": True}
    )
    host = f"{identifier.lower()}.cloudfront.localhost"
    wanted = ("Accept-Encoding", "gzip")

    def old(path: str) -> bytes:
        head = f"GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n"
        return raw(engine, head.encode()).partition(b"\r\n\r\n")[2]

    assert ask(engine, identifier, "/new-first", wanted).header("Content-Encoding") == "gzip"
    assert old("/new-first") == text
    assert old("/old-first") == text
    assert ask(engine, identifier, "/old-first", wanted).header("Content-Encoding") == "gzip"


def test_an_error_page_of_another_origin_is_kept_for_its_time(engine: Engine, site: Site) -> None:
    pages = Site()
    try:
        site.told["/a"] = Told(503, body=b"busy")
        pages.told["/sorry/busy.html"] = Told(body=b"sorry")
        rule = {
            "ErrorCode": 503,
            "ResponsePagePath": "/sorry/busy.html",
            "ResponseCode": "200",
            "ErrorCachingMinTTL": 3600,
        }
        identifier = distribute(
            engine,
            site.origin(),
            pages.origin("pages"),
            DefaultCacheBehavior=CACHED,
            CacheBehaviors=listed(behaviour("/sorry/*", TargetOriginId="pages")),
            CustomErrorResponses=listed(rule),
        )
        for _ in range(2):
            answer = ask(engine, identifier, "/a")
            assert (answer.status, answer.body, answer.cache) == (200, b"sorry", "Error")
        assert site.asked == ["/a"]  # the error itself is in the cache
        rule["ErrorCachingMinTTL"] = 0
        reconfigure(engine, identifier, CustomErrorResponses=listed(rule))
        site.told["/b"] = site.told["/a"]
        for _ in range(2):
            assert ask(engine, identifier, "/b").body == b"sorry"
        assert site.asked == ["/a", "/b", "/b"]
    finally:
        pages.close()


def test_an_invalidation_and_its_end(engine: Engine, site: Site) -> None:
    cloudfront = engine.client("cloudfront")
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=CACHED)
    for target in ("/a/1", "/a/2", "/b"):
        ask(engine, identifier, target)
    made = cloudfront.create_invalidation(
        DistributionId=identifier,
        InvalidationBatch={"CallerReference": "1", "Paths": listed("/a/*")},
    )["Invalidation"]
    told = [ask(engine, identifier, target).cache for target in ("/a/1", "/a/2", "/b")]
    assert told == ["Miss", "Miss", "Hit"]
    waiter = cloudfront.get_waiter("invalidation_completed")
    waiter.wait(
        DistributionId=identifier, Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    kept = cloudfront.get_invalidation(DistributionId=identifier, Id=made["Id"])["Invalidation"]
    assert kept["Status"] == "Completed"


class Signing:
    """A key pair in a key group of CloudFront."""

    def __init__(self, engine: Engine) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        cloudfront = engine.client("cloudfront")
        config = {
            "CallerReference": engine.name("key"),
            "Name": engine.name("key"),
            "EncodedKey": public.decode(),
        }
        self.id = cloudfront.create_public_key(PublicKeyConfig=config)["PublicKey"]["Id"]
        group = {"Name": engine.name("group"), "Items": [self.id]}
        self.group = cloudfront.create_key_group(KeyGroupConfig=group)["KeyGroup"]["Id"]

    def sign(self, message: bytes) -> bytes:
        """An RSA signature as CloudFront wants it."""
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA1())

    def url(self, url: str, **terms: Any) -> str:
        """A signed URL."""
        return str(CloudFrontSigner(self.id, self.sign).generate_presigned_url(url, **terms))

    def cookies(self, resource: str, until: float) -> str:
        """The header with signed cookies for a resource."""
        condition = {"DateLessThan": {"AWS:EpochTime": int(until)}}
        statement = {"Resource": resource, "Condition": condition}
        policy = json.dumps({"Statement": [statement]}, separators=(",", ":")).encode()
        told = {
            "CloudFront-Policy": _safe(policy),
            "CloudFront-Signature": _safe(self.sign(policy)),
            "CloudFront-Key-Pair-Id": self.id,
        }
        return "; ".join(f"{name}={value}" for name, value in told.items())


def _safe(content: bytes) -> str:
    text = base64.b64encode(content).decode()
    return text.replace("+", "-").replace("=", "_").replace("/", "~")


def test_signed_urls_and_cookies(engine: Engine, site: Site) -> None:
    signing, stranger = Signing(engine), Signing(engine)
    trusted = {"Enabled": True, **listed(signing.group)}
    identifier = distribute(
        engine,
        site.origin(),
        DefaultCacheBehavior={**CACHED, "TrustedKeyGroups": trusted},
        CacheBehaviors=listed(behaviour("/open/*")),
    )
    port = urlsplit(engine.url).port
    base = f"http://{identifier.lower()}.cloudfront.localhost:{port}"
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    earlier = later - timedelta(hours=2)

    def get(url: str, *headers: tuple[str, str]) -> Answer:
        return ask(engine, identifier, url.removeprefix(base), *headers)

    assert ask(engine, identifier, "/a").status == FORBIDDEN
    assert ask(engine, identifier, "/open/a").status == 200
    good = signing.url(f"{base}/a?x=1", date_less_than=later)
    assert get(good).status == 200
    assert get(good).cache == "Hit"  # the signature is no part of the key
    assert ask(engine, identifier, "/a").status == FORBIDDEN  # nor is what is cached open to all
    assert get(good.replace("x=1", "x=2")).status == FORBIDDEN
    assert get(signing.url(f"{base}/a", date_less_than=earlier)).status == FORBIDDEN
    assert get(stranger.url(f"{base}/a", date_less_than=later)).status == FORBIDDEN
    signer = CloudFrontSigner(signing.id, signing.sign)
    policy = signer.build_policy(f"{base}/a*", later, ip_address="127.0.0.0/8")
    assert get(signing.url(f"{base}/abc", policy=policy)).status == 200
    elsewhere = signer.build_policy(f"{base}/a*", later, ip_address="192.0.2.0/24")
    assert get(signing.url(f"{base}/abc", policy=elsewhere)).status == FORBIDDEN
    cookies = signing.cookies(f"{base}/private/*", later.timestamp())
    assert ask(engine, identifier, "/private/a", ("Cookie", cookies)).status == 200
    assert ask(engine, identifier, "/other/a", ("Cookie", cookies)).status == FORBIDDEN
    assert all("Signature" not in target for target in site.asked)


def test_countries(engine: Engine, site: Site) -> None:
    only = {"GeoRestriction": {"RestrictionType": "whitelist", **listed("DE", "FR")}}
    identifier = distribute(engine, site.origin(), Restrictions=only)
    assert ask(engine, identifier, "/", ("X-Viewer-Location", "Berlin")).status == 200
    away = ask(engine, identifier, "/", ("X-Viewer-Location", "Tokyo"))
    assert (away.status, away.cache) == (FORBIDDEN, "Error")
    assert b"block access from your country" in away.body
    nowhere = ask(engine, identifier, "/", ("X-Viewer-Location", "Nowhereville"))
    assert nowhere.status == 400
    assert b"Nowhereville" in nowhere.body
