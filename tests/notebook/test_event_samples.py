"""Test events: Powertools' parser takes each, and each tells where it came from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser import models

import lambda_nb
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.events.origin import Origin, origin
from lambda_nb.notebook.events.samples import SOURCES

ITEM = {"id": "1", "n": 2.5, "l": [1]}
COOKIE = {"Cookie": "x=1; y=2"}
CLAIMS = {"method": "POST", "body": {"n": 1}, "claims": {"sub": "1"}}
PARSED: list[tuple[str, dict[str, Any], Any]] = [
    ("s3", {"bucket": "photos", "key": "my cat (1).jpg"}, models.S3Model),
    ("s3", {"name": "ObjectRemoved:Delete", "version": "v1"}, models.S3Model),
    ("sqs", {"body": ["a", {"n": 1}], "attributes": {"kind": "test"}}, models.SqsModel),
    ("sqs", {"group": "g"}, models.SqsModel),
    ("sns", {"subject": "s", "attributes": {"kind": "test"}}, models.SnsModel),
    ("kinesis", {"data": [{"n": 1}, b"\x00\xff"]}, models.KinesisDataStreamModel),
    ("dynamodb", {"new": ITEM, "old": {"id": "1"}}, models.DynamoDBStreamModel),
    ("firehose", {"data": ["a", "b"]}, models.KinesisFirehoseModel),
    ("kafka", {"value": {"n": 1}, "key": "k"}, models.KafkaSelfManagedEventModel),
    ("kafka", {"cluster": "c", "key": "k"}, models.KafkaMskEventModel),
    ("ses", {"recipient": ["a@example.com", "b@example.com"]}, models.SesModel),
    ("http", {"path": "/a?b=1&b=2", "headers": COOKIE}, models.APIGatewayProxyEventV2Model),
    ("http", CLAIMS, models.APIGatewayProxyEventV2Model),
    ("url", {"path": "/x"}, models.LambdaFunctionUrlModel),
    ("rest", {"path": "/a?b=1", "method": "PUT", "body": "t"}, models.APIGatewayProxyEventModel),
    ("alb", {"path": "/a?b=1"}, models.AlbModel),
    ("websocket", {"route": "$connect"}, models.APIGatewayWebSocketConnectEventModel),
    ("websocket", {"route": "$disconnect"}, models.APIGatewayWebSocketDisconnectEventModel),
    ("websocket", {"body": {"action": "send"}}, models.APIGatewayWebSocketMessageEventModel),
    ("authorizer", {"token": "t"}, models.ApiGatewayAuthorizerToken),
    ("eventbridge", {"detail": {"n": 1}}, models.EventBridgeModel),
    ("schedule", {}, models.EventBridgeModel),
    ("logs", {"message": ["a", "b"]}, models.CloudWatchLogsModel),
    ("s3batch", {"key": "a b.jpg"}, models.S3BatchOperationModel),
]  # fmt: skip


@pytest.mark.parametrize(("source", "details", "model"), PARSED)
def test_powertools_takes_it(source: str, details: dict[str, Any], model: Any) -> None:
    event = lambda_nb.event(source, **details)
    json.dumps(event)
    model.model_validate(event)


@pytest.mark.parametrize(
    ("trigger", "model"),
    [
        ("PreSignUp_SignUp", "CognitoPreSignupTriggerModel"),
        ("PostConfirmation_ConfirmSignUp", "CognitoPostConfirmationTriggerModel"),
        ("PreAuthentication_Authentication", "CognitoPreAuthenticationTriggerModel"),
        ("PostAuthentication_Authentication", "CognitoPostAuthenticationTriggerModel"),
        ("TokenGeneration_Authentication", "CognitoPreTokenGenerationTriggerModelV1"),
        ("UserMigration_Authentication", "CognitoMigrateUserTriggerModel"),
        ("CustomMessage_SignUp", "CognitoCustomMessageTriggerModel"),
        ("CustomEmailSender_SignUp", "CognitoCustomEmailSenderTriggerModel"),
        ("CustomSMSSender_SignUp", "CognitoCustomSMSSenderTriggerModel"),
        ("DefineAuthChallenge_Authentication", "CognitoDefineAuthChallengeTriggerModel"),
        ("CreateAuthChallenge_Authentication", "CognitoCreateAuthChallengeTriggerModel"),
        ("VerifyAuthChallengeResponse_Authentication", "CognitoVerifyAuthChallengeTriggerModel"),
    ],
)
def test_powertools_takes_the_triggers_of_cognito(trigger: str, model: str) -> None:
    event = lambda_nb.event("cognito", trigger=trigger, attributes={"email": "b@example.com"})
    assert event["request"]["userAttributes"]["email"] == "b@example.com"
    from aws_lambda_powertools.utilities.parser.models import cognito

    getattr(cognito, model).model_validate(event)


UNKNOWN_BY_ITSELF = {"authorizer", "config", "iot"}


@pytest.mark.parametrize("source", SOURCES)
def test_it_tells_where_it_came_from(source: str) -> None:
    told = origin(lambda_nb.event(source))
    assert told.source == ("call" if source in UNKNOWN_BY_ITSELF else source)
    assert told.what


def test_origins_name_the_place_and_count_records() -> None:
    event = lambda_nb.event
    assert origin(event("s3", bucket="photos", key=["a.jpg", "b c.jpg"])) == Origin(
        "s3", "photos", "ObjectCreated:Put a.jpg", 2
    )
    assert origin(event("sqs", queue="q", body={"n": 1}))[:3] == ("sqs", "q", '{"n": 1}')
    assert origin(event("dynamodb", table="t", old={"id": "7"}))[:3] == (
        "dynamodb",
        "t",
        'REMOVE {"id": "7"}',
    )
    assert origin(event("http", path="/a?b=1"))[2] == "GET /a"
    assert origin({"temp": 31}, "iot") == Origin("iot", "", '{"temp": 31}')
    assert origin("x" * 100).what == "x" * 59 + "…"


@pytest.mark.parametrize(
    "event",
    [
        {"Records": []},
        {"Records": [{"eventSource": "aws:s3"}]},
        {"Records": [{"eventSource": "aws:kinesis", "eventSourceARN": "a", "kinesis": None}]},
        {"requestContext": None},
        {"awslogs": {"data": "bm8gZ3ppcA=="}},
        {"detail-type": "x", "source": "y"} | {"detail-type": "Scheduled Event"},
        {"alarmData": []},
    ],
)  # fmt: skip
def test_half_an_event_is_a_call(event: Any) -> None:
    assert origin(event).source == "call"


def test_dynamodb_values_and_keys() -> None:
    event = lambda_nb.event("dynamodb", new={"a": 1, "b": {"c": 1.5}}, keys=("a",), expired=True)
    (record,) = event["Records"]
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["Keys"] == {"a": {"N": "1"}}
    assert record["dynamodb"]["NewImage"]["b"] == {"M": {"c": {"N": "1.5"}}}
    assert record["userIdentity"]["principalId"] == "dynamodb.amazonaws.com"


def test_requests_have_their_query_in_each_form() -> None:
    v2 = lambda_nb.event("http", path="/p?a=1", query={"a": 2, "b": ["x", "y"]})
    assert v2["rawQueryString"] == "a=1&a=2&b=x&b=y"
    assert v2["queryStringParameters"] == {"a": "1,2", "b": "x,y"}
    v1 = lambda_nb.event("rest", path="/p?a=1", query={"a": 2})
    assert v1["queryStringParameters"] == {"a": "2"}
    assert v1["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert lambda_nb.event("rest")["queryStringParameters"] is None


def test_mistakes_are_told() -> None:
    with pytest.raises(UsageError, match=r"'dynamo' is no event source; did you mean dynamodb\?"):
        lambda_nb.event("dynamo")
    with pytest.raises(UsageError, match="an event of s3 has no bukket; it has bucket='my-bucket'"):
        lambda_nb.event("s3", bukket="b")
    with pytest.raises(UsageError, match="'PreSignup' is no triggerSource"):
        lambda_nb.event("cognito", trigger="PreSignup")
    assert lambda_nb.event("CloudFront")["Records"][0]["cf"]["config"]["eventType"]
