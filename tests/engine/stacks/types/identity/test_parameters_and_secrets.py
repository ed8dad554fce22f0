"""``AWS::SSM::Parameter`` and ``AWS::SecretsManager::*``."""

from __future__ import annotations

import json

import pytest
from engine_fixtures import Ear, Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.identity.parameters import Parameter
from lambda_nb.engine.stacks.types.identity.secret_rotation import (
    RotationSchedule,
    SecretTargetAttachment,
)
from lambda_nb.engine.stacks.types.identity.secrets import ResourcePolicy, Secret

PARAMETER, SECRET = Parameter(), Secret()


@pytest.fixture
def lab(engine: Engine) -> Lab:
    return Lab(engine, {"team": "blue"})


def text_of(lab: Lab, secret: str) -> str:
    calls = lab.engine.client("secretsmanager")
    text: str = calls.get_secret_value(SecretId=secret)["SecretString"]
    return text


def test_a_parameter_changes_its_value(engine: Engine, lab: Lab) -> None:
    ssm, name = engine.client("ssm"), f"/{engine.name('path')}/word"
    given = {"Name": name, "Type": "String"}
    parameter = lab.create(
        PARAMETER, {**given, "Value": "one", "Description": "d", "Tags": {"colour": "red"}}
    )
    assert (parameter.ref, parameter.attribute("Value")) == (name, "one")
    assert ssm.get_parameter(Name=name)["Parameter"]["ARN"] == parameter.attribute("Arn")
    code, _ = error_of(lambda: lab.create(PARAMETER, {**given, "Value": "other"}))
    assert code == "ParameterAlreadyExists"
    changed = lab.update(parameter, {**given, "Value": "two"})
    found = ssm.get_parameter(Name=name)["Parameter"]
    assert (found["Value"], found["Version"]) == ("two", 2)
    assert changed.attribute("Value") == "two"
    listed = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    tags = {tag["Key"] for tag in listed}
    assert "team" in tags
    assert "colour" not in tags
    drifted = PARAMETER.read(changed.context, changed.made, changed.properties)
    assert drifted == changed.properties
    lab.delete(changed)
    assert PARAMETER.read(changed.context, changed.made, changed.properties) is None


def test_a_parameter_without_a_name_and_a_secure_one(lab: Lab) -> None:
    parameter = lab.create(PARAMETER, {"Type": "StringList", "Value": "a,b"})
    assert parameter.ref.startswith(f"{lab.stack_name}-Thing-")
    with pytest.raises(Refused, match="SecureString"):
        lab.create(PARAMETER, {"Type": "SecureString", "Value": "a"})


def test_an_invented_secret_inside_an_object(lab: Lab) -> None:
    rules = {
        "SecretStringTemplate": '{"username": "admin"}',
        "GenerateStringKey": "password",
        "PasswordLength": "20",
        "ExcludePunctuation": "true",
    }
    secret = lab.create(SECRET, {"GenerateSecretString": rules})
    value = json.loads(text_of(lab, secret.ref))
    assert value["username"] == "admin"
    assert len(value["password"]) == 20
    assert value["password"].isalnum()
    assert secret.attribute("Id") == secret.ref
    same = lab.update(secret, {"GenerateSecretString": rules, "Description": "d"})
    assert json.loads(text_of(lab, secret.ref)) == value
    lab.update(same, {"GenerateSecretString": {"PasswordLength": 40}})
    assert len(text_of(lab, secret.ref)) == 40


def test_a_given_secret_and_its_policy(lab: Lab) -> None:
    calls = lab.engine.client("secretsmanager")
    named = {"Name": lab.engine.name("secret")}
    secret = lab.create(SECRET, {**named, "SecretString": "one", "Tags": [{"Key": "a"}]})
    changed = lab.update(secret, {**named, "SecretString": "two"})
    assert text_of(lab, secret.ref) == "two"
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policy = lab.create(ResourcePolicy(), {"SecretId": secret.ref, "ResourcePolicy": document})
    found = calls.get_resource_policy(SecretId=secret.ref)["ResourcePolicy"]
    assert json.loads(found) == document
    lab.delete(policy)
    assert "ResourcePolicy" not in calls.get_resource_policy(SecretId=secret.ref)
    lab.delete(changed)
    again = lab.create(SECRET, {**named, "SecretString": "three"})
    lab.delete(again)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"SecretString": "a", "GenerateSecretString": {}}, "can't specify both"),
        ({"GenerateSecretString": {"GenerateStringKey": "a"}}, "given together"),
        (
            {"GenerateSecretString": {"GenerateStringKey": "a", "SecretStringTemplate": "[]"}},
            "not the text of a JSON object",
        ),
        ({"Type": "Partner"}, "does not have the property Type"),
    ],
)
def test_what_cannot_be_a_secret(lab: Lab, properties: dict[str, object], said: str) -> None:
    with pytest.raises(Refused, match=said):
        lab.create(SECRET, properties)


def test_a_database_is_attached_to_its_secret(engine: Engine, lab: Lab) -> None:
    database = engine.name("db")
    engine.client("rds").create_db_instance(
        DBInstanceIdentifier=database,
        DBInstanceClass="db.t3.micro",
        Engine="mysql",
        AllocatedStorage=20,
        MasterUsername="admin",
        MasterUserPassword="Secret-1-secret",
        DBName="shop",
    )
    secret = lab.create(SECRET, {"SecretString": '{"username": "admin"}'})
    given = {
        "SecretId": secret.ref,
        "TargetType": "AWS::RDS::DBInstance",
        "TargetId": database,
    }
    attachment = lab.create(SecretTargetAttachment(), given)
    value = json.loads(text_of(lab, secret.ref))
    assert value["username"] == "admin"
    assert value["engine"] == "mysql"
    assert value["port"] == 3306
    assert value["dbInstanceIdentifier"] == database
    assert value["host"]
    lab.delete(attachment)
    assert json.loads(text_of(lab, secret.ref)) == {"username": "admin"}
    with pytest.raises(Refused, match="cannot attach a secret to AWS::Other::Thing"):
        lab.create(SecretTargetAttachment(), {**given, "TargetType": "AWS::Other::Thing"})


def test_a_function_rotates_the_secret_of_a_stack(engine: Engine, lab: Lab, ear: Ear) -> None:
    name = engine.create(
        f"{ear.say}def handler(event, context):\n    say(event['Step'] + event['SecretId'])\n"
    )
    engine.client().add_permission(
        FunctionName=name,
        StatementId="secrets",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
    )
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    secret = lab.create(SECRET, {"SecretString": "old"}, "Secret")
    given = {"SecretId": secret.ref, "RotationLambdaARN": arn}
    schedule = lab.create(
        RotationSchedule(),
        {
            **given,
            "RotateImmediatelyOnUpdate": "false",
            "RotationRules": {"AutomaticallyAfterDays": "30"},
        },
    )
    ear.wait(lambda heard: heard == [f"testSecret{secret.ref}"])
    described = engine.client("secretsmanager").describe_secret(SecretId=secret.ref)
    assert described["RotationRules"] == {"AutomaticallyAfterDays": 30}
    lab.delete(schedule)
    described = engine.client("secretsmanager").describe_secret(SecretId=secret.ref)
    assert described["RotationEnabled"] is False
    with pytest.raises(Refused, match="HostedRotationLambda"):
        lab.create(
            RotationSchedule(),
            {**given, "HostedRotationLambda": {"RotationType": "MySQLSingleUser"}},
        )
