"""Function URLs, APIs, load balancers and websites of a real engine as origins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from edge_origins_lab import DISTRIBUTION, Tidy, body_of, request, viewer
from engine_fixtures import Engine

from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request, Response
from lambda_nb.engine.edge.origins.function_urls import UrlAccess
from lambda_nb.engine.edge.origins.origins import Origins
from lambda_nb.engine.edge.settings import Origin
from lambda_nb.engine.gateways.shared.addresses import Addresses

ECHO = """
import json
def handler(event, context):
    told = {
        "host": event["headers"].get("host"),
        "path": event.get("rawPath") or event.get("path"),
        "query": event.get("rawQueryString"),
        "body": event.get("body"),
        "agent": event["headers"].get("user-agent"),
    }
    return {"statusCode": 200, "headers": {"content-type": "application/json"},
            "body": json.dumps(told)}
"""


class Urls:
    """Function URLs by their identifiers, as the engine's control plane would tell them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.names: dict[str, tuple[str, str]] = {}

    def __call__(self, identifier: str) -> UrlAccess | None:
        if identifier not in self.names:
            return None
        name, auth_type = self.names[identifier]
        client = self._engine.client()
        try:
            policy = client.get_policy(FunctionName=name)["Policy"]
        except client.exceptions.ResourceNotFoundException:
            policy = None
        arn = client.get_function_configuration(FunctionName=name)["FunctionArn"]
        return UrlAccess(arn, auth_type, policy)


@pytest.fixture
def urls(engine: Engine) -> Urls:
    return Urls(engine)


@pytest.fixture
async def own(engine: Engine, urls: Urls) -> AsyncIterator[Origins]:
    """Origins of a running engine."""

    async def connect(service: str) -> Any:
        return engine.client(service)

    keys = engine.keys
    made = Tidy(
        Origins(
            engine.url,
            Keys(keys["aws_access_key_id"], keys["aws_secret_access_key"]),
            engine.region,
            connect,
            urls,
            Addresses(),
        )
    )
    yield made
    await made.close()


@pytest.fixture(scope="module")
def echo(engine: Engine) -> str:
    """A function that tells what it got."""
    return engine.create(ECHO)


def url_of(engine: Engine, urls: Urls, auth_type: str) -> tuple[str, str]:
    """A new function and the identifier of its URL."""
    name = engine.create(ECHO)
    config = engine.client().create_function_url_config(FunctionName=name, AuthType=auth_type)
    identifier = engine.identifier(config["FunctionUrl"])
    urls.names[identifier] = (name, auth_type)
    return name, identifier


def let_in(engine: Engine, name: str, principal: str, **more: str) -> None:
    engine.client().add_permission(
        FunctionName=name,
        StatementId=principal.partition(".")[0].replace("*", "all"),
        Action="lambda:InvokeFunctionUrl",
        Principal=principal,
        **more,
    )


def controlled(domain: str, behaviour: Any = "always") -> Origin:
    return Origin(
        "o",
        domain,
        protocol_policy="https-only",
        signing_service="lambda",
        signing_behaviour=behaviour,
    )


async def told(response: Response) -> dict[str, Any]:
    assert response.status == 200, await body_of(response)
    answer: dict[str, Any] = json.loads(await body_of(response))
    return answer


async def test_a_public_function_url(engine: Engine, own: Origins, urls: Urls) -> None:
    name, identifier = url_of(engine, urls, "NONE")
    let_in(engine, name, "*", FunctionUrlAuthType="NONE")
    for domain in (
        f"{identifier}.lambda-url.us-east-1.on.aws",
        f"{identifier}.lambda-url.localhost:{engine.url.rpartition(':')[2]}",
    ):
        asked = Request("POST", "/a%20b", "x=1", Headers(), b"said")
        origin = Origin("o", domain, path="/p", protocol_policy="https-only")
        answer = await told(await own.fetch(origin, asked, viewer(), DISTRIBUTION))
        assert answer["path"] == "/p/a%20b"
        assert (answer["query"], answer["agent"]) == ("x=1", "Amazon CloudFront")
        assert answer["host"] == domain
        signed = controlled(domain)
        assert (await own.fetch(signed, request(), viewer(), DISTRIBUTION)).status == 200


async def test_a_function_url_with_a_port_of_its_own(engine: Engine, urls: Urls) -> None:
    name, identifier = url_of(engine, urls, "AWS_IAM")
    let_in(engine, name, "cloudfront.amazonaws.com", SourceArn=DISTRIBUTION)
    keys = engine.keys

    async def connect(service: str) -> Any:
        return engine.client(service)

    own = Tidy(
        Origins(
            engine.url,
            Keys(keys["aws_access_key_id"], keys["aws_secret_access_key"]),
            engine.region,
            connect,
            urls,
            Addresses(lambda port: ("lambda-url", identifier) if port == 28_000 else None),
        )
    )
    try:
        by_port = replace(controlled("127.0.0.1"), http_port=28_000)
        asked = request()
        asked.headers.set("Host", "127.0.0.1")
        answer = await told(await own.fetch(by_port, asked, viewer(), DISTRIBUTION))
        assert answer["host"].startswith(f"{identifier}.lambda-url.")
        assert asked.headers.get("host") == "127.0.0.1"
        by_name = controlled("127.0.0.1:28000")
        await told(await own.fetch(by_name, request(), viewer(), DISTRIBUTION))
    finally:
        await own.close()


async def test_access_control(engine: Engine, own: Origins, urls: Urls) -> None:
    name, identifier = url_of(engine, urls, "AWS_IAM")
    domain = f"{identifier}.lambda-url.us-east-1.on.aws"
    unsigned = await own.fetch(Origin("o", domain), request(), viewer(), DISTRIBUTION)
    assert unsigned.status == 403
    signed = await own.fetch(controlled(domain), request(), viewer(), DISTRIBUTION)
    assert signed.status == 403
    assert b"Forbidden" in await body_of(signed)
    let_in(engine, name, "cloudfront.amazonaws.com", SourceArn=DISTRIBUTION)
    await told(await own.fetch(controlled(domain), request(), viewer(), DISTRIBUTION))
    other = await own.fetch(controlled(domain), request(), viewer(), f"{DISTRIBUTION}9")
    assert other.status == 403
    never = await own.fetch(controlled(domain, "never"), request(), viewer(), DISTRIBUTION)
    assert never.status == 403


async def test_signed_bodies(engine: Engine, own: Origins, urls: Urls) -> None:
    name, identifier = url_of(engine, urls, "AWS_IAM")
    let_in(engine, name, "cloudfront.amazonaws.com", SourceArn=DISTRIBUTION)
    origin = controlled(f"{identifier}.lambda-url.us-east-1.on.aws")
    body = b"said"
    bare = Request("POST", "/", "", Headers(), body)
    assert (await own.fetch(origin, bare, viewer(), DISTRIBUTION)).status == 403
    digest = hashlib.sha256(body).hexdigest()
    hashed = Request("POST", "/", "", Headers([("X-Amz-Content-Sha256", digest)]), body)
    answer = await told(await own.fetch(origin, hashed, viewer(), DISTRIBUTION))
    assert answer["body"] in ("said", "c2FpZA==")


async def test_the_viewers_own_signature(engine: Engine, own: Origins, urls: Urls) -> None:
    _, identifier = url_of(engine, urls, "AWS_IAM")
    domain = f"{identifier}.lambda-url.us-east-1.on.aws"
    keys = Keys(*engine.keys.values())
    signed = keys.sign("lambda", engine.region, "GET", f"https://{domain}/", {}, b"")
    asked = Request("GET", "/", "", Headers(signed.items()))
    origin = controlled(domain, "no-override")
    await told(await own.fetch(origin, asked, viewer(), DISTRIBUTION))
    always = await own.fetch(controlled(domain), asked, viewer(), DISTRIBUTION)
    assert always.status == 403  # CloudFront's signature is in its place


async def test_no_such_function_url(own: Origins) -> None:
    origin = controlled("abcdefgh.lambda-url.us-east-1.on.aws")
    assert (await own.fetch(origin, request(), viewer(), DISTRIBUTION)).status == 404


async def test_a_forwarded_host(engine: Engine, own: Origins, urls: Urls) -> None:
    _, identifier = url_of(engine, urls, "NONE")
    asked = request(Host="E1.cloudfront.localhost:4571")
    for domain in (f"{identifier}.lambda-url.us-east-1.on.aws", "a.execute-api.localhost"):
        response = await own.fetch(Origin("o", domain), asked, viewer(), DISTRIBUTION)
        assert response.status == 403
        assert b"Forbidden" in await body_of(response)


async def test_an_api(engine: Engine, own: Origins, echo: str) -> None:
    arn = engine.client().get_function_configuration(FunctionName=echo)["FunctionArn"]
    api = engine.client("apigatewayv2").create_api(
        Name=engine.name("api"), ProtocolType="HTTP", Target=arn
    )["ApiId"]
    source = f"arn:aws:execute-api:{engine.region}:{engine.account}:{api}/*"
    engine.client().add_permission(
        FunctionName=echo,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=source,
    )
    domain = f"{api}.execute-api.us-east-1.amazonaws.com"
    answer = await told(await own.fetch(Origin("o", domain), request(), viewer(), DISTRIBUTION))
    assert (answer["host"], answer["path"]) == (domain, "/")


async def test_a_load_balancer(engine: Engine, own: Origins, echo: str) -> None:
    arn = engine.client().get_function_configuration(FunctionName=echo)["FunctionArn"]
    client = engine.client("elbv2")
    group = client.create_target_group(Name=engine.name("g"), TargetType="lambda")
    group_arn = group["TargetGroups"][0]["TargetGroupArn"]
    engine.client().add_permission(
        FunctionName=echo,
        StatementId="elb",
        Action="lambda:InvokeFunction",
        Principal="elasticloadbalancing.amazonaws.com",
        SourceArn=group_arn,
    )
    client.register_targets(TargetGroupArn=group_arn, Targets=[{"Id": arn}])
    name = engine.name("lb")
    ec2 = engine.client("ec2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
    balancer = client.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]
    client.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group_arn}],
    )
    origin = Origin("o", f"{name}-123.us-east-1.elb.amazonaws.com")
    own_name = await told(await own.fetch(origin, request(uri="/x"), viewer(), DISTRIBUTION))
    assert (own_name["host"], own_name["path"]) == (origin.domain, "/x")
    asked = request(uri="/x", Host="shop.localhost")
    forwarded = await told(await own.fetch(origin, asked, viewer(), DISTRIBUTION))
    assert (forwarded["host"], forwarded["path"]) == ("shop.localhost", "/x")


async def test_a_website(engine: Engine, own: Origins) -> None:
    s3 = engine.client("s3")
    bucket = engine.name("site")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"home", ACL="public-read")
    index = {"IndexDocument": {"Suffix": "index.html"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=index)
    origin = Origin("o", f"{bucket}.s3-website-us-east-1.amazonaws.com")
    for asked in (request(), request(Host=bucket)):
        response = await own.fetch(origin, asked, viewer(), DISTRIBUTION)
        assert await body_of(response) == b"home"
    strange = request(Host="www.example.com")
    response = await own.fetch(origin, strange, viewer(), DISTRIBUTION)
    assert response.status == 404
    assert b"NoSuchBucket" in await body_of(response)
    missing = await own.fetch(origin, request(uri="/missing"), viewer(), DISTRIBUTION)
    assert missing.status in (403, 404)
