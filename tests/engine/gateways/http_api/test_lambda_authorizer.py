"""Lambda authorizers of HTTP APIs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    ApiGatewayAuthorizerRequest,
    ApiGatewayAuthorizerRequestV2,
)
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine
from http_apis import ECHO, Api, new_api

# Says what it hears, and answers what the header asks for.
AUTHORIZER = """
import json
def handler(event, context):
    say(json.dumps(event))
    wish = event["headers"].get("x-wish", "")
    if wish == "fail":
        raise RuntimeError("no")
    if wish == "unauthorized":
        raise Exception("Unauthorized")
    if wish:
        return json.loads(wish)
    return {"isAuthorized": event["headers"].get("authorization") == "yes", "context": {"n": 1}}
"""


@pytest.fixture(scope="module")
def ear() -> Any:
    listener = Ear()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def function(engine: Engine, ear: Ear) -> str:
    return engine.create(ear.say + AUTHORIZER)


def authorizer(api: Api, function: str, **settings: Any) -> str:
    """Create a Lambda authorizer; returns its id."""
    api.permit(function)
    region = api.engine.region
    made = api.client.create_authorizer(
        **{
            "ApiId": api.id,
            "AuthorizerType": "REQUEST",
            "Name": api.engine.name("auth"),
            "IdentitySource": ["$request.header.Authorization"],
            "AuthorizerPayloadFormatVersion": "2.0",
            "EnableSimpleResponses": True,
            "AuthorizerUri": f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
            f"{api.arn(function)}/invocations",
            **settings,
        }
    )
    return str(made["AuthorizerId"])


@pytest.fixture(scope="module")
def api(engine: Engine, function: str) -> Api:
    api = new_api(engine, stage="dev")
    target = api.to_function(engine.create(ECHO))

    def guarded(key: str, **settings: Any) -> None:
        made = authorizer(api, function, **settings)
        api.route(key, target, AuthorizationType="CUSTOM", AuthorizerId=made)

    old = engine.create(
        "import json\ndef handler(e, c): return {'statusCode': 200, 'body': json.dumps(e)}"
    )
    made = authorizer(api, function, EnableSimpleResponses=False)
    api.route(
        "GET /to-old", api.to_function(old, "1.0"), AuthorizationType="CUSTOM", AuthorizerId=made
    )
    guarded("GET /simple/{id}", AuthorizerResultTtlInSeconds=0)
    guarded("GET /cached", AuthorizerResultTtlInSeconds=300)
    guarded("GET /policy", EnableSimpleResponses=False, AuthorizerResultTtlInSeconds=0)
    guarded("ANY /per-path/{proxy+}", EnableSimpleResponses=False, AuthorizerResultTtlInSeconds=60)
    guarded(
        "GET /old/{id}",
        AuthorizerPayloadFormatVersion="1.0",
        EnableSimpleResponses=False,
        AuthorizerResultTtlInSeconds=0,
        IdentitySource=["$request.header.Authorization", "$request.querystring.q"],
    )
    return api


def policy(effect: str, resource: str, **more: Any) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "ada", "policyDocument": document, **more}


def wish(value: Any, authorization: str = "yes") -> dict[str, str]:
    text = value if isinstance(value, str) else json.dumps(value)
    return {"Authorization": authorization, "X-Wish": text}


def test_a_simple_answer_lets_in(api: Api) -> None:
    got = api.call("/dev/simple/7", headers={"Authorization": "yes"})
    assert got.status == 200
    assert got.json["requestContext"]["authorizer"] == {"lambda": {"n": 1}}


def test_a_simple_answer_keeps_out(api: Api) -> None:
    got = api.call("/dev/simple/7", headers={"Authorization": "no"})
    assert (got.status, got.json) == (403, {"message": "Forbidden"})


def test_without_identity_the_function_is_not_asked(api: Api, ear: Ear) -> None:
    heard = len(ear.heard)
    got = api.call("/dev/simple/7")
    assert (got.status, got.json) == (401, {"message": "Unauthorized"})
    assert len(ear.heard) == heard


def test_the_event_of_version_2(api: Api, ear: Ear) -> None:
    api.call("/dev/simple/a%20b?x=1", headers={"Authorization": "yes", "Cookie": "c=1"})
    event = json.loads(ear.heard[-1])
    ApiGatewayAuthorizerRequestV2.model_validate(event)
    engine = api.engine
    assert event["routeArn"] == (
        f"arn:aws:execute-api:{engine.region}:{engine.account}:{api.id}/dev/GET/simple/a b"
    )
    assert event["identitySource"] == ["yes"]
    assert event["routeKey"] == "GET /simple/{id}"
    assert event["rawPath"] == "/dev/simple/a b"
    assert event["pathParameters"] == {"id": "a b"}
    assert event["cookies"] == ["c=1"]
    assert not event.keys() & {"body", "isBase64Encoded"}


def test_the_event_of_version_1(api: Api, ear: Ear) -> None:
    answer = policy("Allow", "*", context={"k": "v"})
    got = api.call("/dev/old/7?q=z", headers=wish(answer))
    assert got.status == 200
    event = json.loads(ear.heard[-1])
    ApiGatewayAuthorizerRequest.model_validate(event)
    assert event["version"] == "1.0"
    assert event["methodArn"].endswith(f"{api.id}/dev/GET/old/7")
    assert event["identitySource"] == event["authorizationToken"] == "yes,z"
    assert event["resource"] == "/old/{id}"
    assert "body" not in event


def test_the_context_in_an_event_of_version_1(api: Api) -> None:
    got = api.call("/dev/to-old", headers=wish(policy("Allow", "*", context={"k": 1})))
    assert got.json["requestContext"]["authorizer"] == {
        "claims": None,
        "scopes": None,
        "k": 1,
        "principalId": "ada",
    }


def test_a_policy_lets_in(api: Api) -> None:
    got = api.call("/dev/policy", headers=wish(policy("Allow", "arn:aws:execute-api:*:*:*/dev/*")))
    assert got.status == 200
    assert got.json["requestContext"]["authorizer"] == {"lambda": None}


@pytest.mark.parametrize(
    ("effect", "resource"), [("Deny", "*"), ("Allow", "arn:aws:execute-api:*:*:*/prod/*")]
)
def test_a_policy_keeps_out(api: Api, effect: str, resource: str) -> None:
    got = api.call("/dev/policy", headers=wish(policy(effect, resource)))
    assert (got.status, got.json) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize(
    "answer",
    ["fail", "{}", "[]", '{"isAuthorized": "yes"}', '{"isAuthorized": true, "context": 1}'],
)
def test_an_authorizer_that_fails(api: Api, answer: str) -> None:
    got = api.call("/dev/simple/7", headers=wish(answer))
    assert (got.status, got.json) == (500, {"message": "Internal Server Error"})


def test_an_authorizer_that_says_unauthorized(api: Api) -> None:
    assert api.call("/dev/simple/7", headers=wish("unauthorized")).status == 401


@pytest.mark.parametrize(
    "answer", [{"principalId": "a"}, {"policyDocument": {"Statement": []}}, {"isAuthorized": True}]
)
def test_a_policy_that_is_none(api: Api, answer: dict[str, Any]) -> None:
    assert api.call("/dev/policy", headers=wish(answer)).status == 500


def test_decisions_are_kept_by_identity(api: Api, ear: Ear) -> None:
    def asked(authorization: str) -> tuple[int, int]:
        before = len(ear.heard)
        got = api.call("/dev/cached", headers={"Authorization": authorization})
        return got.status, len(ear.heard) - before

    assert [asked(who) for who in ("yes", "yes", "no", "no", "yes")] == [
        (200, 1),
        (200, 0),
        (403, 1),
        (403, 0),
        (200, 0),
    ]
    api.client.reset_authorizers_cache(ApiId=api.id, StageName="dev")
    assert asked("yes") == (200, 1)


def test_without_a_ttl_nothing_is_kept(api: Api, ear: Ear) -> None:
    before = len(ear.heard)
    for _ in range(2):
        api.call("/dev/simple/7", headers={"Authorization": "yes"})
    assert len(ear.heard) - before == 2


def test_a_kept_policy_is_asked_about_each_path(api: Api, ear: Ear) -> None:
    headers = wish(policy("Allow", "*/dev/GET/per-path/mine/*"))
    before = len(ear.heard)
    assert api.call("/dev/per-path/mine/1", headers=headers).status == 200
    assert api.call("/dev/per-path/yours/1", headers=headers).status == 403
    assert api.call("/dev/per-path/mine/1", "POST", headers=headers).status == 403
    assert len(ear.heard) - before == 1


def test_an_authorizer_that_does_not_let_the_api_in(engine: Engine) -> None:
    api = new_api(engine)
    name = engine.create("def handler(e, c): return {'isAuthorized': True}")
    made = authorizer(api, name)
    client = engine.client()
    client.remove_permission(FunctionName=name, StatementId=f"api-{api.id}")
    target = api.to_function(engine.create(ECHO, wait=False))
    api.route("GET /x", target, AuthorizationType="CUSTOM", AuthorizerId=made)
    assert api.call("/x", headers={"Authorization": "yes"}).status == 500
    with pytest.raises(ClientError):
        client.get_policy(FunctionName=name)
    arn = f"arn:aws:execute-api:{engine.region}:{engine.account}:{api.id}/authorizers/{made}"
    client.add_permission(
        FunctionName=name,
        StatementId="auth",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=arn,
    )
    assert api.call("/x", headers={"Authorization": "yes"}).status == 200


def test_what_one_function_said_does_not_count_for_another(engine: Engine, function: str) -> None:
    """A stage variable says which function is asked."""
    nobody = engine.create("def handler(event, context): return {'isAuthorized': False}")
    api = new_api(engine, stage="dev")
    api.permit(nobody)
    region = engine.region
    made = authorizer(
        api,
        function,
        AuthorizerUri=f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
        f"{api.arn('${stageVariables.who}')}/invocations",
        AuthorizerResultTtlInSeconds=300,
    )
    target = api.to_function(engine.create(ECHO))
    api.route("GET /x", target, AuthorizationType="CUSTOM", AuthorizerId=made)
    for who, status in ((function, 200), (nobody, 403), (function, 200)):
        api.client.update_stage(ApiId=api.id, StageName="dev", StageVariables={"who": who})
        assert api.call("/dev/x", headers={"Authorization": "yes"}).status == status
