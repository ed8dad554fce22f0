"""Policies of IAM: AWS's own can be attached, and a document need not name a version."""

from __future__ import annotations

import json

from engine_fixtures import Engine


def test_managed_policies_exist(engine: Engine) -> None:
    iam, name = engine.client("iam"), engine.name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    (attached,) = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached["PolicyArn"] == arn
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    policy = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    assert "logs:PutLogEvents" in str(policy["Document"])


def test_a_document_need_not_name_a_version(engine: Engine) -> None:
    iam, name = engine.client("iam"), engine.name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    document = json.dumps({"Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    told = iam.get_role_policy(RoleName=name, PolicyName="p")
    assert told["PolicyDocument"] == {"Statement": [statement]}


def test_the_use_of_an_access_key_is_noted(engine: Engine) -> None:
    iam, name = engine.client("iam"), engine.name("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    engine.client(
        "sqs",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    ).list_queues()
    told = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert told["AccessKeyLastUsed"]["ServiceName"] == "sqs"
