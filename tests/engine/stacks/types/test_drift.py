"""What types tell of their resources as they are: the same, changed, gone."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from engine_fixtures import Engine
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.types import registry, schemas
from lambda_nb.engine.stacks.types.reading import like

ALLOWED = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
KEY = [{"AttributeName": "id", "KeyType": "HASH"}]


class Case(NamedTuple):
    """A type, properties, and a call that changes one of them behind the stack's back."""

    properties: dict[str, Any]
    service: str
    change: str
    parameters: dict[str, Any]
    key: str
    changed: str


CASES = {
    "AWS::S3::Bucket": Case(
        {
            "VersioningConfiguration": {"Status": "Enabled"},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                ]
            },
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": "true"},
            "LifecycleConfiguration": {
                "Rules": [{"Id": "a", "Status": "Enabled", "ExpirationInDays": "3"}]
            },
            "CorsConfiguration": {
                "CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]
            },
        },
        "s3",
        "put_bucket_versioning",
        {"VersioningConfiguration": {"Status": "Suspended"}},
        "Bucket",
        "VersioningConfiguration",
    ),
    "AWS::DynamoDB::Table": Case(
        {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": KEY,
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            "TimeToLiveSpecification": {"AttributeName": "at", "Enabled": "true"},
        },
        "dynamodb",
        "update_table",
        {"StreamSpecification": {"StreamEnabled": False}},
        "TableName",
        "StreamSpecification",
    ),
    "AWS::SNS::Topic": Case(
        {"DisplayName": "first"},
        "sns",
        "set_topic_attributes",
        {"AttributeName": "DisplayName", "AttributeValue": "second"},
        "TopicArn",
        "DisplayName",
    ),
    "AWS::IAM::ManagedPolicy": Case(
        {"PolicyDocument": {"Version": "2012-10-17", "Statement": [ALLOWED]}},
        "iam",
        "create_policy_version",
        {
            "PolicyDocument": json.dumps(
                {"Version": "2012-10-17", "Statement": [{**ALLOWED, "Action": "s3:*"}]}
            ),
            "SetAsDefault": True,
        },
        "PolicyArn",
        "PolicyDocument",
    ),
    "AWS::Events::Rule": Case(
        {"EventPattern": {"source": ["a"]}, "State": "ENABLED", "Targets": []},
        "events",
        "disable_rule",
        {},
        "Name",
        "State",
    ),
    "AWS::ApiGatewayV2::Api": Case(
        {"Name": "first", "ProtocolType": "HTTP", "CorsConfiguration": {"AllowOrigins": ["*"]}},
        "apigatewayv2",
        "update_api",
        {"Name": "second"},
        "ApiId",
        "Name",
    ),
    "AWS::ApiGateway::RestApi": Case(
        {"Name": "first", "EndpointConfiguration": {"Types": ["REGIONAL"]}},
        "apigateway",
        "update_rest_api",
        {"patchOperations": [{"op": "replace", "path": "/name", "value": "second"}]},
        "restApiId",
        "Name",
    ),
}


def told(made: Resource, lab: Lab) -> Any:
    """What the type reads of a resource."""
    return made.type.read(lab.context(), made.made, made.properties)


@pytest.mark.parametrize("type_name", CASES)
def test_what_was_changed_behind_the_back_is_seen(engine: Engine, type_name: str) -> None:
    case, lab = CASES[type_name], Lab(engine)
    found = registry.find(type_name)
    assert found is not None
    made = lab.create(found, case.properties, without=schemas.of(type_name).attributes)
    assert told(made, lab) == case.properties
    call = getattr(engine.client(case.service), case.change)
    call(**{case.key: made.ref}, **case.parameters)
    now = told(made, lab)
    assert now[case.changed] != case.properties[case.changed]
    same = {name: value for name, value in now.items() if name != case.changed}
    assert same == {n: v for n, v in case.properties.items() if n != case.changed}
    lab.delete(made)
    assert told(made, lab) is None


def test_parts_of_a_function_that_are_gone(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client()
    name = engine.create("def handler(event, context): pass")
    asked = {
        "FunctionName": name,
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
    }
    permission = _made(lab, "AWS::Lambda::Permission", asked)
    version = _made(lab, "AWS::Lambda::Version", {"FunctionName": name, "Description": "one"})
    for made in (permission, version):
        assert told(made, lab) == made.properties
    calls.remove_permission(FunctionName=name, StatementId=permission.ref)
    calls.delete_function(FunctionName=name, Qualifier=version.attribute("Version"))
    for made in (permission, version):
        assert told(made, lab) is None


def test_tags_of_the_stack_are_no_drift(engine: Engine) -> None:
    lab = Lab(engine, {"team": "web"})
    trusted = json.dumps({"Version": "2012-10-17", "Statement": []})
    given: dict[str, Any] = {
        "AssumeRolePolicyDocument": trusted,
        "Tags": [{"Key": "own", "Value": "1"}],
    }
    role = _made(lab, "AWS::IAM::Role", given)
    assert told(role, lab) == given
    tag = {"Key": "other", "Value": "2"}
    engine.client("iam").tag_role(RoleName=role.ref, Tags=[tag])
    found = told(role, lab)
    assert found is not None
    assert found["Tags"] == [*given["Tags"], tag]
    lab.delete(role)


def _made(lab: Lab, type_name: str, properties: dict[str, Any]) -> Resource:
    found = registry.find(type_name)
    assert found is not None
    return lab.create(found, properties)


@pytest.mark.parametrize(
    ("given", "found", "wanted"),
    [
        ({"A": "1"}, {"a": 1, "b": 2}, {"A": "1"}),
        ([{"k": 1}, {"k": 2}], [{"k": 2}, {"k": 1}], [{"k": 1}, {"k": 2}]),
        ([1], [1, 3], [1, 3]),
        ('{"a":1}', {"a": 1}, '{"a":1}'),
        ("true", True, "true"),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {}}),
    ],
)
def test_the_form_is_that_of_the_template(given: Any, found: Any, wanted: Any) -> None:
    assert like(given, found) == wanted
