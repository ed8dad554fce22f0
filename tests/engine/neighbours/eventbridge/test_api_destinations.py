"""API destinations: authorization, parameters, retries, rate, dead letters."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from eventbridge_lab import ROLE, Answer, Endpoint, Queue, Request, attributes, put, rule, until

API_KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}}


def destination(
    engine: Engine,
    url: str,
    kind: str = "API_KEY",
    parameters: dict[str, Any] | None = None,
    method: str = "POST",
    **settings: Any,
) -> str:
    """A destination with a connection of its own; returns its ARN."""
    events = engine.client("events")
    connection = events.create_connection(
        Name=engine.name("connection"),
        AuthorizationType=kind,
        AuthParameters=parameters or API_KEY,
    )["ConnectionArn"]
    until(lambda: described(engine, connection)["ConnectionState"] != "AUTHORIZING")
    arn: str = events.create_api_destination(
        Name=engine.name("destination"),
        ConnectionArn=connection,
        InvocationEndpoint=url,
        HttpMethod=method,
        **settings,
    )["ApiDestinationArn"]
    return arn


def described(engine: Engine, connection: str) -> dict[str, Any]:
    name = connection.split("/")[1]
    told: dict[str, Any] = engine.client("events").describe_connection(Name=name)
    return told


def to(arn: str, **settings: Any) -> dict[str, Any]:
    return {"Arn": arn, "RoleArn": ROLE, **settings}


def test_a_request_as_aws_makes_it(engine: Engine, endpoint: Endpoint) -> None:
    parameters = {
        **API_KEY,
        "InvocationHttpParameters": {
            "HeaderParameters": [{"Key": "x-fixed", "Value": "1", "IsValueSecret": False}],
            "QueryStringParameters": [{"Key": "q", "Value": "kept", "IsValueSecret": True}],
            "BodyParameters": [{"Key": "added", "Value": "here", "IsValueSecret": False}],
        },
    }
    arn = destination(engine, f"{endpoint.url}/users/*/posts/*", parameters=parameters)
    http = {
        "PathParameterValues": ["$.detail.user", "fixed"],
        "HeaderParameters": {"x-source": "$.source"},
        "QueryStringParameters": {"q": "overruled", "n": "$.detail.n"},
    }
    name = rule(engine, to(arn, HttpParameters=http))
    identifier = put(engine, name, {"user": "a b", "n": 5})
    (request,) = until(lambda: endpoint.requests)
    parts = urlsplit(request.path)
    assert (request.method, parts.path) == ("POST", "/users/a%20b/posts/fixed")
    assert parse_qs(parts.query) == {"q": ["kept"], "n": ["5"]}
    expected = {
        "user-agent": "Amazon/EventBridge/ApiDestinations",
        "content-type": "application/json; charset=utf-8",
        "range": "bytes=0-1048575",
        "connection": "close",
        "x-key": "secret",
        "x-fixed": "1",
        "x-source": name,
    }
    assert {header: request.headers[header] for header in expected} == expected
    body = json.loads(request.body)
    assert (body["id"], body["added"]) == (identifier, "here")


def test_basic_authorization(engine: Engine, endpoint: Endpoint) -> None:
    basic = {"BasicAuthParameters": {"Username": "ann", "Password": "secret"}}
    arn = destination(engine, endpoint.url, "BASIC", basic, method="PUT")
    put(engine, rule(engine, to(arn)))
    (request,) = until(lambda: endpoint.requests)
    pair = base64.b64encode(b"ann:secret").decode()
    assert (request.method, request.headers["authorization"]) == ("PUT", f"Basic {pair}")


def test_an_oauth_token_is_kept_and_renewed_when_it_is_refused(
    engine: Engine, endpoint: Endpoint
) -> None:
    issued: list[dict[str, list[str]]] = []
    refused = ["Bearer token-1"]

    def answer(request: Request) -> Answer:
        if request.path.startswith("/token"):
            issued.append(parse_qs(request.body))
            token = {"access_token": f"token-{len(issued)}", "expires_in": 3600}
            return 200, {}, json.dumps(token)
        used = request.headers["authorization"]
        return (401 if len(posts()) > 2 and used in refused else 200), {}, "{}"

    def posts() -> list[Request]:
        return [one for one in endpoint.requests if one.path.startswith("/events")]

    endpoint.answer = answer
    oauth = {
        "OAuthParameters": {
            "ClientParameters": {"ClientID": "me", "ClientSecret": "secret"},
            "AuthorizationEndpoint": f"{endpoint.url}/token",
            "HttpMethod": "POST",
            "OAuthHttpParameters": {
                "BodyParameters": [{"Key": "scope", "Value": "all", "IsValueSecret": False}]
            },
        }
    }
    arn = destination(engine, f"{endpoint.url}/events", "OAUTH_CLIENT_CREDENTIALS", oauth)
    assert issued[0] == {
        "grant_type": ["client_credentials"],
        "client_id": ["me"],
        "client_secret": ["secret"],
        "scope": ["all"],
    }
    name = rule(engine, to(arn))
    for count in (1, 2):
        put(engine, name)
        until(lambda count=count: len(posts()) == count)
    put(engine, name)  # the endpoint refuses the first token now
    until(lambda: len(posts()) == 4)
    used = [request.headers["authorization"] for request in posts()]
    assert used == ["Bearer token-1"] * 3 + ["Bearer token-2"]


def test_a_server_error_is_tried_again(engine: Engine, endpoint: Endpoint) -> None:
    answers = iter([503, 429, 200])
    endpoint.answer = lambda request: (next(answers), {}, "{}")
    identifier = put(engine, rule(engine, to(destination(engine, endpoint.url))))
    until(lambda: len(endpoint.requests) == 3)
    assert {json.loads(request.body)["id"] for request in endpoint.requests} == {identifier}


@pytest.mark.parametrize(
    ("status", "headers", "condition", "tries"),
    [
        (500, {}, "MaximumRetryAttempts", 2),
        (503, {"Retry-After": "-1"}, None, 1),
        (503, {"Retry-After": "100"}, "MaximumEventAgeInSeconds", 1),
        (404, {}, None, 1),
        (302, {"Location": "/elsewhere"}, None, 1),
    ],
)
def test_dead_letters(
    engine: Engine,
    endpoint: Endpoint,
    status: int,
    headers: dict[str, str],
    condition: str | None,
    tries: int,
) -> None:
    endpoint.answer = lambda request: (status, headers, "{}")
    arn, dead = destination(engine, endpoint.url), Queue(engine)
    policy = {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}
    target = to(arn, RetryPolicy=policy, DeadLetterConfig={"Arn": dead.arn})
    identifier = put(engine, rule(engine, target))
    (message,) = dead.receive()
    assert json.loads(message["Body"])["id"] == identifier
    told = attributes(message)
    assert told.get("EXHAUSTED_RETRY_CONDITION") == condition
    assert told["ERROR_CODE"] == "ERROR_FROM_TARGET"
    assert str(status) in told["ERROR_MESSAGE"]
    assert told["RETRY_ATTEMPTS"] == str(tries - 1)
    assert len(endpoint.requests) == tries


def test_nobody_listens(engine: Engine, endpoint: Endpoint) -> None:
    arn, dead = destination(engine, endpoint.url), Queue(engine)
    endpoint.close()
    target = to(arn, RetryPolicy={"MaximumRetryAttempts": 0}, DeadLetterConfig={"Arn": dead.arn})
    put(engine, rule(engine, target))
    assert attributes(dead.receive()[0])["ERROR_CODE"] == "CONNECTION_FAILURE"


@pytest.mark.slow
def test_five_seconds_are_the_limit(engine: Engine, endpoint: Endpoint) -> None:
    def answer(request: Request) -> Answer:
        time.sleep(8)
        return 200, {}, "{}"

    endpoint.answer = answer
    arn, dead = destination(engine, endpoint.url), Queue(engine)
    target = to(arn, RetryPolicy={"MaximumRetryAttempts": 0}, DeadLetterConfig={"Arn": dead.arn})
    put(engine, rule(engine, target))
    assert attributes(dead.receive()[0])["ERROR_CODE"] == "TIMEOUT"


def test_a_slow_destination_holds_up_no_other(engine: Engine, endpoint: Endpoint) -> None:
    def answer(request: Request) -> Answer:
        if request.path == "/slow":
            until(lambda: any(one.path == "/quick" for one in endpoint.requests))
        return 200, {}, "{}"

    endpoint.answer = answer
    slow = rule(engine, to(destination(engine, f"{endpoint.url}/slow")))
    for _ in range(8):
        put(engine, slow)
    put(engine, rule(engine, to(destination(engine, f"{endpoint.url}/quick"))))
    until(lambda: len(endpoint.requests) == 9)


def test_the_rate_limit_delays_and_loses_nothing(engine: Engine, endpoint: Endpoint) -> None:
    arn = destination(engine, endpoint.url, InvocationRateLimitPerSecond=2)
    name, began = rule(engine, to(arn)), time.monotonic()
    for number in range(4):
        put(engine, name, {"n": number})
    until(lambda: len(endpoint.requests) == 4)
    assert time.monotonic() - began >= 1.0 - 0.1  # the third and the fourth waited
    numbers = {json.loads(request.body)["detail"]["n"] for request in endpoint.requests}
    assert numbers == set(range(4))


def test_secrets_are_not_told_but_kept_in_secrets_manager(engine: Engine) -> None:
    events, name = engine.client("events"), engine.name("connection")
    made = events.create_connection(Name=name, AuthorizationType="API_KEY", AuthParameters=API_KEY)
    told = events.describe_connection(Name=name)
    assert told["AuthParameters"] == {"ApiKeyAuthParameters": {"ApiKeyName": "x-key"}}
    assert told["ConnectionState"] == "AUTHORIZED"
    secrets = engine.client("secretsmanager")
    assert told["SecretArn"].rpartition("secret:")[2].startswith(f"events!connection/{name}/")

    def secret() -> Any:
        return json.loads(secrets.get_secret_value(SecretId=told["SecretArn"])["SecretString"])

    assert secret() == {"api_key_name": "x-key", "api_key_value": "secret"}
    changed = {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "other"}}
    events.update_connection(Name=name, AuthParameters=changed, Description="d")
    assert secret()["api_key_value"] == "other"
    assert events.describe_connection(Name=name)["Description"] == "d"
    with pytest.raises(ClientError, match="already exists"):
        events.create_connection(Name=name, AuthorizationType="API_KEY", AuthParameters=API_KEY)
    assert events.deauthorize_connection(Name=name)["ConnectionState"] == "DEAUTHORIZED"
    (listed,) = events.list_connections(NamePrefix=name)["Connections"]
    assert (listed["ConnectionArn"], listed["ConnectionState"]) == (
        made["ConnectionArn"],
        "DEAUTHORIZED",
    )
    events.delete_connection(Name=name)
    with pytest.raises(ClientError, match="does not exist"):
        events.describe_connection(Name=name)


def test_a_connection_whose_server_gives_no_token(engine: Engine, endpoint: Endpoint) -> None:
    endpoint.answer = lambda request: (403, {}, "{}")
    oauth = {
        "OAuthParameters": {
            "ClientParameters": {"ClientID": "me", "ClientSecret": "wrong"},
            "AuthorizationEndpoint": f"{endpoint.url}/token",
            "HttpMethod": "POST",
        }
    }
    events, name = engine.client("events"), engine.name("connection")
    arn = events.create_connection(
        Name=name, AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters=oauth
    )["ConnectionArn"]
    until(lambda: described(engine, arn)["ConnectionState"] == "DEAUTHORIZED")
    assert "403" in described(engine, arn)["StateReason"]


def test_destinations_are_managed(engine: Engine, endpoint: Endpoint) -> None:
    events = engine.client("events")
    arn = destination(engine, endpoint.url)
    name = arn.split("/")[1]
    events.update_api_destination(Name=name, HttpMethod="PATCH", InvocationRateLimitPerSecond=7)
    told = events.describe_api_destination(Name=name)
    assert (told["HttpMethod"], told["InvocationRateLimitPerSecond"]) == ("PATCH", 7)
    (listed,) = events.list_api_destinations(NamePrefix=name)["ApiDestinations"]
    assert listed["ApiDestinationArn"] == arn
    put(engine, rule(engine, to(arn)))
    until(lambda: [one.method for one in endpoint.requests] == ["PATCH"])
    missing = f"arn:aws:events:{engine.region}:{engine.account}:connection/x/y"
    with pytest.raises(ClientError, match="does not exist"):
        events.create_api_destination(
            Name=engine.name(),
            ConnectionArn=missing,
            InvocationEndpoint=endpoint.url,
            HttpMethod="GET",
        )
