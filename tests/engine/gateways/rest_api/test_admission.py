"""Who may call a method: authorizers, signatures, resource policies; with real functions."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    ApiGatewayAuthorizerRequest,
    ApiGatewayAuthorizerToken,
)
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from engine_fixtures import Engine
from rest_api_lab import Api, Got, call

ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"])}
"""

AUTHORIZER = """
import json
asked = 0
def handler(event, context):
    global asked
    asked += 1
    token = event.get("authorizationToken") or event["headers"].get("X-Token", "")
    if token == "unauthorized":
        raise Exception("Unauthorized")
    if token == "broken":
        raise Exception("oh no")
    if token == "shapeless":
        return {"principalId": "x"}
    if token == "nested":
        context_ = {"a": {"b": 1}}
    else:
        context_ = {"asked": asked, "ok": True, "event": json.dumps(event)}
    statements = [] if token == "silent" else [{
        "Action": "execute-api:Invoke",
        "Effect": "Deny" if token == "deny" else "Allow",
        "Resource": event["methodArn"],
    }]
    return {
        "principalId": "user-" + token,
        "policyDocument": {"Version": "2012-10-17", "Statement": statements},
        "context": context_,
    }
"""


@pytest.fixture(scope="module")
def api(engine: Engine) -> Api:
    function, authorizer = engine.create(ECHO), engine.create(AUTHORIZER)
    api = Api.make(engine)
    made: dict[str, str] = {}
    for name, settings in {
        "token": {
            "type": "TOKEN",
            "identitySource": "method.request.header.Authorization",
            "identityValidationExpression": "[a-z]+",
            "authorizerResultTtlInSeconds": 0,
        },
        "kept": {
            "type": "TOKEN",
            "identitySource": "method.request.header.Authorization",
        },
        "request": {
            "type": "REQUEST",
            "identitySource": "method.request.header.X-Token, method.request.querystring.q",
            "authorizerResultTtlInSeconds": 300,
        },
    }.items():
        answered = api.client.create_authorizer(
            restApiId=api.id, name=name, authorizerUri=api.uri(authorizer), **settings
        )
        made[name] = answered["id"]
        api.proxy("GET", f"/{name}", function, authorizationType="CUSTOM", authorizerId=made[name])
    api.proxy("GET", "/signed", function, authorizationType="AWS_IAM")
    api.proxy("POST", "/signed", function, authorizationType="AWS_IAM")
    api.permit(function)
    api.permit(authorizer, "authorizers/*")
    api.deploy()
    return api


def with_token(api: Api, token: str, name: str = "token") -> Got:
    return api.call(f"/{name}", headers={"Authorization": token})


def test_a_token_authorizer_lets_in(api: Api) -> None:
    context = with_token(api, "allow").json
    authorizer = context["authorizer"]
    assert authorizer["principalId"] == "user-allow"
    assert authorizer["ok"] == "true"
    assert isinstance(authorizer["integrationLatency"], int)
    event = json.loads(authorizer["event"])
    ApiGatewayAuthorizerToken.model_validate(event)
    assert event == {
        "type": "TOKEN",
        "methodArn": f"{api.arn}/prod/GET/token",
        "authorizationToken": "allow",
    }


@pytest.mark.parametrize(
    ("token", "status", "body", "error_type"),
    [
        (
            "deny",
            403,
            '{"Message":"User is not authorized to access this resource with an explicit deny"}',
            "AccessDeniedException",
        ),
        (
            "silent",
            403,
            '{"Message":"User is not authorized to access this resource"}',
            "AccessDeniedException",
        ),
        ("unauthorized", 401, '{"message":"Unauthorized"}', "UnauthorizedException"),
        ("Not-Valid-1", 401, '{"message":"Unauthorized"}', "UnauthorizedException"),
        ("", 401, '{"message":"Unauthorized"}', "UnauthorizedException"),
        ("broken", 500, '{"message":null}', "AuthorizerConfigurationException"),
        ("shapeless", 500, '{"message":null}', "AuthorizerConfigurationException"),
        ("nested", 500, '{"message":null}', "AuthorizerConfigurationException"),
    ],
)
def test_a_token_authorizer_keeps_out(
    api: Api, token: str, status: int, body: str, error_type: str
) -> None:
    got = with_token(api, token)
    assert (got.status, got.body.decode()) == (status, body)
    assert got.headers["x-amzn-errortype"] == error_type


def test_decisions_are_kept_for_a_while(api: Api) -> None:
    first, again, other = (
        with_token(api, token, "kept").json["authorizer"]["asked"]
        for token in ("once", "once", "twice")
    )
    assert first == again
    assert int(other) == int(first) + 1
    api.client.flush_stage_authorizers_cache(restApiId=api.id, stageName=api.stage)
    assert int(with_token(api, "once", "kept").json["authorizer"]["asked"]) == int(other) + 1


def test_a_request_authorizer_lets_in(api: Api) -> None:
    got = api.call("/request?q=1&q=2", headers={"X-Token": "allow"})
    event = json.loads(got.json["authorizer"]["event"])
    ApiGatewayAuthorizerRequest.model_validate(event)
    assert event["type"] == "REQUEST"
    assert event["methodArn"] == f"{api.arn}/prod/GET/request"
    assert event["resource"] == "/request"
    assert event["path"] == "/request"
    assert event["httpMethod"] == "GET"
    assert event["headers"]["X-Token"] == "allow"
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert event["pathParameters"] == {}
    assert event["stageVariables"] == {}
    assert event["requestContext"]["resourcePath"] == "/request"
    assert "body" not in event


def test_a_request_authorizer_keeps_out(api: Api) -> None:
    got = api.call("/request?q=1", headers={"X-Token": "deny"})
    assert got.status == 403
    got = api.call("/request", headers={"X-Token": "allow"})
    assert (got.status, got.body) == (401, b'{"message":"Unauthorized"}')


def test_an_authorizer_must_be_permitted(engine: Engine) -> None:
    function, authorizer = engine.create(ECHO), engine.create(AUTHORIZER)
    api = Api.make(engine)
    made = api.client.create_authorizer(
        restApiId=api.id,
        name="a",
        type="TOKEN",
        authorizerUri=api.uri(authorizer),
        identitySource="method.request.header.Authorization",
    )
    api.proxy("GET", "/", function, authorizationType="CUSTOM", authorizerId=made["id"])
    api.permit(function)
    api.deploy()
    got = api.call("/", headers={"Authorization": "allow"})
    assert (got.status, got.body) == (500, b'{"message":null}')


def signed(
    api: Api, path: str, method: str = "GET", body: bytes = b"", **changes: str
) -> dict[str, str]:
    keys = api.engine.keys
    secret = changes.get("secret", keys["aws_secret_access_key"])
    credentials = Credentials(changes.get("key", keys["aws_access_key_id"]), secret)
    url = f"{api.engine.url}/execute-api/{api.id}/{api.stage}{path}"
    request = AWSRequest(method, url, data=body)
    service = changes.get("service", "execute-api")
    SigV4Auth(credentials, service, changes.get("region", api.engine.region)).add_auth(request)
    return dict(request.headers.items())


def test_a_signature_lets_in(api: Api) -> None:
    body = b'{"a": 1}'
    got = api.call("/signed", "POST", body, signed(api, "/signed", "POST", body))
    assert got.status == 200
    identity = got.json["identity"]
    assert identity["accessKey"] == api.engine.keys["aws_access_key_id"]
    assert identity["accountId"] == api.engine.account
    assert identity["userArn"].startswith(f"arn:aws:iam::{api.engine.account}:")


@pytest.mark.parametrize(
    ("changes", "message", "error_type"),
    [
        (None, "Missing Authentication Token", "MissingAuthenticationTokenException"),
        (
            {"secret": "wrong"},
            "The request signature we calculated does not match the signature you provided.",
            "InvalidSignatureException",
        ),
        (
            {"key": "AKIAIOSFODNN7EXAMPLE"},
            "The security token included in the request is invalid.",
            "UnrecognizedClientException",
        ),
        (
            {"service": "s3"},
            "Credential should be scoped to correct service: 'execute-api'.",
            "InvalidSignatureException",
        ),
        (
            {"region": "eu-west-3"},
            "Credential should be scoped to correct region: 'us-east-1'.",
            "InvalidSignatureException",
        ),
    ],
)
def test_a_wrong_signature_keeps_out(
    api: Api, changes: dict[str, str] | None, message: str, error_type: str
) -> None:
    headers = {} if changes is None else signed(api, "/signed", **changes)
    if changes == {"service": "s3"}:  # a path that is signed for S3 is a bucket's
        headers["Host"] = f"{api.id}.execute-api.localhost"
        got = call(api.engine, f"/{api.stage}/signed", headers=headers)
    else:
        got = api.call("/signed", headers=headers)
    assert got.status == 403
    assert got.json["message"].startswith(message)
    assert got.headers["x-amzn-errortype"] == error_type


POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*",
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*/GET/denied",
            "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
        },
    ],
}


def test_a_resource_policy_lets_in_and_keeps_out(engine: Engine) -> None:
    api = Api.make(engine, policy=json.dumps(POLICY))
    mock = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    for path in ("/denied", "/allowed"):
        api.mapped("GET", path, mock, {"200": {}})
    api.deploy()
    assert api.call("/allowed").status == 200
    got = api.call("/denied")
    assert got.status == 403
    shown = f"********{engine.account[-4:]}"
    assert got.json == {
        "Message": "User: anonymous is not authorized to perform: execute-api:Invoke on resource: "
        f"arn:aws:execute-api:{engine.region}:{shown}:{api.id}/prod/GET/denied"
        " with an explicit deny"
    }


def test_a_resource_policy_beside_an_authorizer(engine: Engine) -> None:
    allowed, denied = POLICY["Statement"]
    policy = {
        **POLICY,
        "Statement": [{**allowed, "Resource": "execute-api:/*/GET/allowed"}, denied],
    }
    api = Api.make(engine, policy=json.dumps(policy))
    function, function_of_authorizer = engine.create(ECHO), engine.create(AUTHORIZER)
    authorizer = api.client.create_authorizer(
        restApiId=api.id,
        name="token",
        type="TOKEN",
        authorizerUri=api.uri(function_of_authorizer),
        identitySource="method.request.header.Authorization",
    )
    settings = {"authorizationType": "CUSTOM", "authorizerId": authorizer["id"]}
    for path in ("/allowed", "/denied", "/other"):
        api.proxy("GET", path, function, **settings)
    api.permit(function)
    api.permit(function_of_authorizer, "authorizers/*")
    api.deploy()
    for path, token, status in (
        ("/allowed", "silent", 200),  # one of the two policies has to allow it
        ("/allowed", "deny", 403),
        ("/other", "*", 200),
        ("/other", "silent", 403),
        ("/denied", "*", 403),
    ):
        got = api.call(path, headers={"Authorization": token})
        assert got.status == status, (path, token, got)
    assert api.call("/other").status == 401
    got = api.call("/denied")  # a policy that denies is asked before the authorizer
    assert got.status == 403
    assert got.json["Message"].endswith("with an explicit deny")


def test_a_user_pool_lets_in_and_keeps_out(engine: Engine) -> None:
    cognito = engine.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=engine.name())["UserPool"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName="tests",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]
    cognito.admin_create_user(UserPoolId=pool["Id"], Username="ada")
    cognito.admin_set_user_password(
        UserPoolId=pool["Id"], Username="ada", Password="Secret-1-secret", Permanent=True
    )
    tokens = cognito.admin_initiate_auth(
        UserPoolId=pool["Id"],
        ClientId=client["ClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Secret-1-secret"},
    )["AuthenticationResult"]
    function = engine.create(ECHO)
    api = Api.make(engine)
    authorizer = api.client.create_authorizer(
        restApiId=api.id,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool["Arn"]],
        identitySource="method.request.header.Authorization",
    )
    settings = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer["id"]}
    api.proxy("GET", "/who", function, **settings)
    api.proxy("GET", "/scoped", function, **settings, authorizationScopes=["some/scope"])
    api.permit(function)
    api.deploy()
    got = api.call("/who", headers={"Authorization": tokens["IdToken"]})
    assert got.status == 200, got
    claims = got.json["authorizer"]["claims"]
    assert claims["cognito:username"] == "ada"
    assert time.strptime(claims["exp"], "%a %b %d %H:%M:%S UTC %Y")
    for path, token in (
        ("/who", tokens["AccessToken"]),
        ("/who", "no.token.atall"),
        ("/scoped", tokens["AccessToken"]),
        ("/scoped", tokens["IdToken"]),
    ):
        got = api.call(path, headers={"Authorization": f"Bearer {token}"})
        assert (got.status, got.body) == (401, b'{"message":"Unauthorized"}')
