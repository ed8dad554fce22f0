"""Who may connect: Lambda authorizers and signatures."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from engine_fixtures import Ear, Engine
from web_socket_lab import WebSocketApi, asked, make

ECHO = (
    "import json\n"
    "def handler(event, context):\n"
    "    return {'statusCode': 200, 'body': json.dumps(event['requestContext'])}\n"
)
AUTHORIZER = (
    "import json\n"
    "{say}\n"
    "def handler(event, context):\n"
    "    say(json.dumps(event))\n"
    "    token = event['queryStringParameters']['token']\n"
    "    if token == 'unauthorized':\n"
    "        raise Exception('Unauthorized')\n"
    "    if token == 'broken':\n"
    "        raise ValueError('no')\n"
    "    if token == 'shapeless':\n"
    "        return {{'isAuthorized': True}}\n"
    "    effect = 'Allow' if token in ('good', 'elsewhere') else 'Deny'\n"
    "    arn = event['methodArn']\n"
    "    if token == 'elsewhere':\n"
    "        arn = arn.replace('$connect', 'other')\n"
    "    return {{'principalId': 'ada', 'context': {{'age': 36, 'admin': True, 'name': 'Ada'}},\n"
    "            'policyDocument': {{'Version': '2012-10-17', 'Statement': [\n"
    "                {{'Action': 'execute-api:Invoke', 'Effect': effect, 'Resource': arn}}]}}}}\n"
)


def guarded(engine: Engine, ear: Ear, **settings: Any) -> WebSocketApi:
    """An API with a Lambda authorizer."""
    api = make(engine)
    echo = api.integrate(engine.create(ECHO))
    function = engine.create(AUTHORIZER.format(say=ear.say))
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{function}"
    authorizer = api.v2.create_authorizer(
        ApiId=api.api_id,
        Name="guard",
        AuthorizerType="REQUEST",
        AuthorizerUri=api.uri(arn),
        IdentitySource=["route.request.querystring.token"],
        **settings,
    )["AuthorizerId"]
    api.engine.client().add_permission(
        FunctionName=function,
        StatementId="guard",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{engine.region}:{engine.account}:{api.api_id}"
        f"/authorizers/{authorizer}",
    )
    api.route("$connect", echo, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    api.route("$default", echo, responds=True)
    return api


def test_lambda_authorizer(engine: Engine, ear: Ear) -> None:
    api = guarded(engine, ear)
    with api.connect("?token=good") as client:
        context = asked(client, "who am I")
    told = context["authorizer"]
    assert isinstance(told.pop("integrationLatency"), int)
    assert told == {"principalId": "ada", "age": "36", "admin": "true", "name": "Ada"}
    (event,) = map(json.loads, ear.heard)
    assert event["type"] == "REQUEST"
    assert event["methodArn"].endswith(f":{api.api_id}/prod/$connect")
    assert event["requestContext"]["eventType"] == "CONNECT"
    assert event["multiValueQueryStringParameters"] == {"token": ["good"]}
    assert event["stageVariables"] == {}
    for query, wanted in (
        ("", (401, "Unauthorized")),
        ("?token=unauthorized", (401, "Unauthorized")),
        (
            "?token=bad",
            (403, "User is not authorized to access this resource with an explicit deny"),
        ),
        ("?token=elsewhere", (403, "User is not authorized to access this resource")),
        ("?token=broken", (500, "Internal server error")),
        ("?token=shapeless", (500, "Internal server error")),
    ):
        status, body = api.refused(query)
        assert (status, body["message"]) == wanted


def test_decisions_are_kept_for_a_while(engine: Engine, ear: Ear) -> None:
    api = guarded(engine, ear, AuthorizerResultTtlInSeconds=300)
    for _ in range(2):
        with api.connect("?token=good"):
            pass
    assert api.refused("?token=bad")[0] == 403
    assert len(ear.heard) == 2
    api.v2.reset_authorizers_cache(ApiId=api.api_id, StageName="prod")
    with api.connect("?token=good"):
        pass
    assert len(ear.heard) == 3


@pytest.fixture(scope="module")
def signed(engine: Engine) -> WebSocketApi:
    """An API whose clients sign."""
    api = make(engine)
    api.route("$connect", api.integrate(engine.create(ECHO)), AuthorizationType="AWS_IAM")
    api.route("$default", api.integrate(engine.create(ECHO)), responds=True)
    return api


def keys(api: WebSocketApi) -> Credentials:
    """The engine's credentials."""
    given = api.engine.keys
    return Credentials(given["aws_access_key_id"], given["aws_secret_access_key"])


def test_signed_in_headers(signed: WebSocketApi) -> None:
    request = AWSRequest("GET", signed.url.replace("ws", "http", 1))
    SigV4Auth(keys(signed), "execute-api", signed.engine.region).add_auth(request)
    headers = dict(request.headers.items())
    with signed.connect(additional_headers=headers) as client:
        assert asked(client, "hi")["eventType"] == "MESSAGE"


def test_signed_in_the_query(signed: WebSocketApi) -> None:
    request = AWSRequest("GET", signed.url.replace("ws", "http", 1))
    SigV4QueryAuth(keys(signed), "execute-api", signed.engine.region).add_auth(request)
    with signed.connect("?" + urlsplit(str(request.url)).query) as client:
        assert asked(client, "hi")["eventType"] == "MESSAGE"


def test_unsigned_or_signed_otherwise(signed: WebSocketApi) -> None:
    status, body = signed.refused()
    assert (status, body["message"]) == (403, "Forbidden")
    url = signed.url.replace("ws", "http", 1)
    for credentials, service in (
        (Credentials("AKIANOBODY", "secret"), "execute-api"),
        (Credentials(keys(signed).access_key, "wrong"), "execute-api"),
        (keys(signed), "lambda"),
    ):
        request = AWSRequest("GET", url)
        SigV4Auth(credentials, service, signed.engine.region).add_auth(request)
        status, _ = signed.refused(additional_headers=dict(request.headers.items()))
        assert status == 403
