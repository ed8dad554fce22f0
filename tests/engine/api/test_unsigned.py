"""Operations that AWS accepts unsigned are accepted; no others are."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from engine_fixtures import Engine

from lambda_nb.engine.api.admission.unsigned import operations

FORM = "application/x-www-form-urlencoded"
WEB_IDENTITY = (
    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=session"
    "&RoleArn=arn:aws:iam::000000000000:role/r&WebIdentityToken=" + "t" * 40
)


def stranger(engine: Engine, service: str) -> Any:
    return engine.client(service, config=Config(signature_version=UNSIGNED))


def refused(call: Any) -> int:
    with pytest.raises(ClientError) as caught:
        call()
    return int(caught.value.response["ResponseMetadata"]["HTTPStatusCode"])


def ask(engine: Engine, body: str, headers: dict[str, str], path: str = "/") -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(engine.url).netloc, timeout=60)
    connection.request("POST", path, body, headers)
    reply = connection.getresponse()
    answer = reply.status, reply.read().decode()
    connection.close()
    return answer


@pytest.mark.parametrize("service", ["cognito-idp", "cognito-identity", "sts", "sqs", "dynamodb"])
def test_they_are_those_of_the_service_model(service: str) -> None:
    model = boto3.client(service, region_name="us-east-1").meta.service_model
    metadata = model.metadata
    wanted = {
        f"{metadata['targetPrefix']}.{name}"
        if metadata["protocol"] == "json"
        else f"{name}.{metadata['apiVersion']}"
        for name in model.operation_names
        if model.operation_model(name).auth_type == "none"
    }
    known = {name for name, owner in operations().items() if owner == model.signing_name}
    assert known == wanted
    assert bool(wanted) == (service not in ("sqs", "dynamodb"))


def test_a_user_signs_up_and_logs_in_without_keys(engine: Engine) -> None:
    admin, user = engine.client("cognito-idp"), stranger(engine, "cognito-idp")
    pool = admin.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    client = admin.create_user_pool_client(
        UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    user.sign_up(ClientId=client, Username="ann", Password="Passw0rd!")
    admin.admin_confirm_sign_up(UserPoolId=pool, Username="ann")
    tokens = user.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": "Passw0rd!"},
    )["AuthenticationResult"]
    assert user.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ann"
    # What needs a signature on AWS needs one here.
    assert refused(lambda: user.admin_confirm_sign_up(UserPoolId=pool, Username="ann")) == 403
    assert refused(lambda: user.list_user_pools(MaxResults=1)) == 403


def test_keys_given_to_somebody_unknown_open_nothing(engine: Engine) -> None:
    """moto gives keys for any token; accepting them would bypass the signature check."""
    sts = stranger(engine, "sts")
    issued = sts.assume_role_with_web_identity(
        RoleArn="arn:aws:iam::000000000000:role/r",
        RoleSessionName="session",
        WebIdentityToken="t" * 40,
    )["Credentials"]
    session = {
        "aws_access_key_id": issued["AccessKeyId"],
        "aws_secret_access_key": issued["SecretAccessKey"],
        "aws_session_token": issued["SessionToken"],
    }
    assert refused(engine.client("s3", **session).list_buckets) == 403
    assert refused(engine.client("lambda", **session).list_functions) == 403
    role = {"RoleArn": "arn:aws:iam::000000000000:role/r", "RoleSessionName": "session"}
    assert refused(lambda: sts.assume_role(**role)) == 403


@pytest.mark.parametrize(
    ("body", "headers", "path"),
    [
        (WEB_IDENTITY + "&Action=AssumeRole", {"Content-Type": FORM}, "/"),
        ("Action=AssumeRole&" + WEB_IDENTITY, {"Content-Type": FORM}, "/"),
        (WEB_IDENTITY, {"Content-Type": FORM}, "/?Action=AssumeRole"),
        (WEB_IDENTITY, {"Content-Type": FORM}, "/bucket"),
        (WEB_IDENTITY, {"Content-Type": FORM, "X-Amz-Target": "AmazonSQS.ListQueues"}, "/"),
        (WEB_IDENTITY.replace("2011", "2012"), {"Content-Type": FORM}, "/"),
        (WEB_IDENTITY, {"Content-Type": FORM, "Origin": "http://a.page"}, "/"),
        (WEB_IDENTITY, {"Content-Type": FORM, "Authorization": "Bearer x"}, "/"),
        ("{}", {"X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp,AmazonSQS.X"}, "/"),
        ("{}", {"X-Amz-Target": "AmazonSQS.SignUp"}, "/"),
    ],
)
def test_what_only_looks_like_one_is_refused(
    engine: Engine, body: str, headers: dict[str, str], path: str
) -> None:
    assert ask(engine, body, headers, path)[0] == 403


def test_headers_that_might_say_otherwise_are_not_passed_on(engine: Engine) -> None:
    smuggled = {"X_Amz_Target": "AmazonSQS.ListQueues", "X-Forwarded-Host": "sqs.amazonaws.com"}
    status, answer = ask(engine, WEB_IDENTITY, {"Content-Type": FORM, **smuggled})
    assert (status, "AssumeRoleWithWebIdentityResult" in answer) == (200, True)


@pytest.mark.parametrize("kind", ["application/x-amz-json-1.1", FORM])
@pytest.mark.parametrize("inside", ["{}", '{{"x": "&{}&"}}', '{{"&{}&": 1}}'])
def test_no_body_names_another_operation(engine: Engine, kind: str, inside: str) -> None:
    """moto reads JSON as a form, too, and believes its ``Action``."""
    admin = engine.client("cognito-idp")
    pool = admin.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    admin.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    body = inside.format(f"Action=AdminDeleteUser&UserPoolId={pool}&Username=ann")
    target = {"X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp", "Content-Type": kind}
    assert ask(engine, body, target)[0] >= 400
    assert admin.admin_get_user(UserPoolId=pool, Username="ann")["Username"] == "ann"
