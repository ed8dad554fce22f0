"""Every kind of origin, asked through the door of a distribution; and origins that fail."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from edge_configuration_lab import METHODS, listed
from edge_site_lab import ALL_VIEWER_EXCEPT_HOST, Site, Told, ask, behaviour, distribute
from engine_fixtures import Engine
from iot_certificates import Maker
from web_sites import DOORS, door_of

ECHO = """
import json
def handler(event, context):
    told = {"path": event.get("rawPath") or event.get("path"), "body": event.get("body"),
            "headers": event.get("headers") or
            {name: values[0] for name, values in event["multiValueHeaders"].items()}}
    return {"statusCode": 200, "headers": {"content-type": "application/json"},
            "body": json.dumps(told)}
"""
EVERY_METHOD = {**listed(*METHODS), "CachedMethods": listed("GET", "HEAD")}
OPEN = behaviour(AllowedMethods=EVERY_METHOD, OriginRequestPolicyId=ALL_VIEWER_EXCEPT_HOST)


@pytest.fixture(scope="module")
def echo(engine: Engine) -> str:
    """The ARN of a function that tells what it got."""
    name = engine.create(ECHO)
    return str(engine.client().get_function_configuration(FunctionName=name)["FunctionArn"])


def custom(domain: str, policy: str = "https-only", **more: Any) -> dict[str, Any]:
    """A server of the name ``site`` as an origin."""
    told = {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": policy,
        "OriginSslProtocols": listed("TLSv1.2"),
        **more,
    }
    return {"Id": "site", "DomainName": domain, "CustomOriginConfig": told}


def website(engine: Engine, **files: bytes) -> str:
    """A new bucket that everybody may read, with a website; its name."""
    s3, bucket = engine.client("s3"), engine.name("pages")
    s3.create_bucket(Bucket=bucket)
    for name, content in files.items():
        s3.put_object(Bucket=bucket, Key=f"{name}.html", Body=content, ContentType="text/html")
    index = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=index)
    let_in(engine, bucket, "*")
    return bucket


def let_in(engine: Engine, bucket: str, principal: Any) -> None:
    """Let somebody read a bucket."""
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    engine.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


@pytest.mark.parametrize("door", DOORS)
def test_a_function_behind_a_gateway(engine: Engine, door: str) -> None:
    name = engine.create(ECHO)
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    host = door_of(engine, door, arn).host
    identifier = distribute(engine, custom(host), DefaultCacheBehavior=OPEN)
    answer = ask(
        engine, identifier, "/a/b?x=1", ("Content-Type", "text/plain"), method="POST", body=b"said"
    )
    assert answer.status == 200, answer.body
    assert answer.json["path"] == "/a/b"
    headers = {name.lower(): value for name, value in answer.json["headers"].items()}
    assert headers["host"].partition(":")[0] == host
    assert headers["user-agent"] == "Amazon CloudFront" or headers["x-amz-cf-id"]


def test_a_rest_api_by_its_stage(engine: Engine) -> None:
    client = engine.client("apigateway")
    api = client.create_rest_api(name=engine.name("api"))
    where = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**where, authorizationType="NONE")
    client.put_integration(
        **where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    client.put_method_response(**where, statusCode="200")
    client.put_integration_response(
        **where, statusCode="200", responseTemplates={"application/json": '{"from": "the api"}'}
    )
    client.create_deployment(restApiId=api["id"], stageName="prod")
    origin = custom(f"{api['id']}.execute-api.{engine.region}.amazonaws.com")
    identifier = distribute(engine, {**origin, "OriginPath": "/prod"})
    assert ask(engine, identifier, "/").json == {"from": "the api"}


def test_a_function_url_that_only_its_distribution_may_call(engine: Engine, echo: str) -> None:
    name = engine.create(ECHO)
    client = engine.client()
    url = client.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"]
    control = engine.client("cloudfront").create_origin_access_control(
        OriginAccessControlConfig={
            "Name": engine.name("control"),
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "lambda",
        }
    )["OriginAccessControl"]["Id"]
    origin = custom(f"{engine.identifier(url)}.lambda-url.{engine.region}.on.aws")
    identifier = distribute(
        engine, {**origin, "OriginAccessControlId": control}, DefaultCacheBehavior=OPEN
    )
    assert ask(engine, identifier, "/a").status == 403
    arn = engine.client("cloudfront").get_distribution(Id=identifier)["Distribution"]["ARN"]
    client.add_permission(
        FunctionName=name,
        StatementId="cloudfront",
        Action="lambda:InvokeFunctionUrl",
        Principal="cloudfront.amazonaws.com",
        SourceArn=arn,
    )
    assert ask(engine, identifier, "/a").json["path"] == "/a"
    assert ask(engine, identifier, "/a", method="POST", body=b"said").status == 403
    digest = ("X-Amz-Content-Sha256", hashlib.sha256(b"said").hexdigest())
    answer = ask(engine, identifier, "/a", digest, method="POST", body=b"said")
    assert answer.json["body"] in ("said", "c2FpZA==")


def test_a_bucket_that_everybody_may_read(engine: Engine) -> None:
    bucket = website(engine, index=b"home")
    origin = {
        "Id": "site",
        "DomainName": f"{bucket}.s3.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    identifier = distribute(engine, origin)
    assert ask(engine, identifier, "/index.html").body == b"home"
    assert ask(engine, identifier, "/none.html").status == 403  # who may not list is not told more


def test_a_bucket_with_an_origin_access_identity(engine: Engine) -> None:
    s3, cloudfront, bucket = engine.client("s3"), engine.client("cloudfront"), engine.name("oai")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a.txt", Body=b"secret")
    identity = cloudfront.create_cloud_front_origin_access_identity(
        CloudFrontOriginAccessIdentityConfig={
            "CallerReference": engine.name("identity"),
            "Comment": "",
        }
    )["CloudFrontOriginAccessIdentity"]
    told = {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{identity['Id']}"}
    origin = {"Id": "site", "DomainName": f"{bucket}.s3.amazonaws.com", "S3OriginConfig": told}
    identifier = distribute(engine, origin)
    assert ask(engine, identifier, "/a.txt").status == 403
    let_in(engine, bucket, {"CanonicalUser": identity["S3CanonicalUserId"]})
    assert ask(engine, identifier, "/a.txt").body == b"secret"
    user = f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {identity['Id']}"
    let_in(engine, bucket, {"AWS": user})
    assert ask(engine, identifier, "/a.txt").body == b"secret"


def test_a_website(engine: Engine) -> None:
    bucket = website(engine, index=b"home", error=b"no such page")
    domain = f"{bucket}.s3-website-{engine.region}.amazonaws.com"
    identifier = distribute(engine, custom(domain, "http-only"))
    assert ask(engine, identifier, "/").body == b"home"
    missing = ask(engine, identifier, "/none")
    assert (missing.status, missing.body, missing.cache) == (404, b"no such page", "Error")


def test_custom_headers_and_a_path(engine: Engine, site: Site) -> None:
    secret = {"HeaderName": "X-Secret", "HeaderValue": "known to both"}
    origin = site.origin(OriginPath="/v1", CustomHeaders=listed(secret))
    identifier = distribute(engine, origin, DefaultCacheBehavior=OPEN)
    answer = ask(engine, identifier, "/a", ("X-Secret", "guessed"))
    assert answer.json["target"] == "/v1/a"
    sent = [value for name, value in answer.json["headers"] if name == "x-secret"]
    assert sent == ["known to both"]


def both(*statuses: int) -> dict[str, Any]:
    """A group of the origins ``site`` and ``spare``."""
    return listed(
        {
            "Id": "both",
            "FailoverCriteria": {"StatusCodes": listed(*statuses)},
            "Members": listed({"OriginId": "site"}, {"OriginId": "spare"}),
        }
    )


def silent() -> socket.socket:
    """A server that takes connections and never answers."""
    return socket.create_server(("127.0.0.1", 0))


def test_another_origin_for_one_that_is_not_there(engine: Engine, site: Site) -> None:
    gone = Site()
    gone.close()
    identifier = distribute(
        engine,
        gone.origin(ConnectionAttempts=1),
        site.origin("spare"),
        OriginGroups=both(503),
        DefaultCacheBehavior=behaviour(TargetOriginId="both"),
    )
    assert ask(engine, identifier, "/a").json["target"] == "/a"


def test_another_origin_for_one_that_does_not_answer(engine: Engine, site: Site) -> None:
    with silent() as server:
        origin = custom(
            "localhost", "http-only", HTTPPort=server.getsockname()[1], OriginReadTimeout=1
        )
        origin["ConnectionAttempts"] = 1
        identifier = distribute(
            engine,
            origin,
            site.origin("spare"),
            OriginGroups=both(504),
            DefaultCacheBehavior=behaviour(TargetOriginId="both"),
            CacheBehaviors=listed(behaviour("/alone/*")),
        )
        assert ask(engine, identifier, "/a").json["target"] == "/a"
        alone = ask(engine, identifier, "/alone/a")
        assert (alone.status, alone.cache) == (504, "Error")


def test_a_second_origin_is_not_asked_to_write(engine: Engine, site: Site) -> None:
    spare = Site()
    try:
        site.told["/a"] = Told(503, body=b"busy")
        identifier = distribute(
            engine,
            site.origin(),
            spare.origin("spare"),
            OriginGroups=both(503),
            DefaultCacheBehavior=behaviour(TargetOriginId="both"),
        )
        assert ask(engine, identifier, "/a").status == 200
        assert ask(engine, identifier, "/a", method="HEAD").status == 200
        assert spare.asked == ["/a", "/a"]
    finally:
        spare.close()


class SecureSite:
    """A server with TLS; ``spoken`` has the Host that each request named."""

    def __init__(self, chain: Path) -> None:
        self.spoken: list[str] = []
        spoken = self.spoken

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                spoken.append(self.headers["host"])
                self.send_response(200)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"secure")

            def log_message(self, *told: object) -> None:
                """Say nothing."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def test_a_server_whose_certificate_is_trusted_or_not(
    engine: Engine,
    start_engine: Callable[..., Engine],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    maker = Maker("a maker of servers")
    chain = tmp_path / "chain.pem"
    chain.write_text(maker.server("localhost"))
    authority = tmp_path / "authority.pem"
    authority.write_text(maker.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    trusting = start_engine()
    server = SecureSite(chain)
    try:
        for domain, policy in (("localhost", "https-only"), ("localhost", "http-only")):
            origin = custom(domain, policy, HTTPSPort=server.port, HTTPPort=server.port)
            origin["ConnectionAttempts"] = 1
            answer = ask(trusting, distribute(trusting, origin))
            if policy == "https-only":
                assert (answer.status, answer.body) == (200, b"secure")
            else:  # it speaks TLS only
                assert answer.status == 502
        wrong_name = custom("other.localhost", HTTPSPort=server.port)
        assert ask(trusting, distribute(trusting, wrong_name)).status == 502
        stranger = ask(engine, distribute(engine, custom("localhost", HTTPSPort=server.port)))
        assert (stranger.status, stranger.cache) == (502, "Error")
        assert b"certificate" in stranger.body.lower()
    finally:
        server.close()
