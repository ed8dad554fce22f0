"""What an export has not is named; what it can have is in each format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from engine_fixtures import Engine
from exports_lab import At

from lambda_nb.exports.export import Format, export
from lambda_nb.exports.picture import Application
from lambda_nb.exports.reading.application import read

CODE = "def handler(event, context): return event"


class Lab:
    """A function with settings that few have, and what calls it in ways that few know."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.role = self._role()
        self.name = engine.create(
            CODE,
            Role=f"arn:aws:iam::{engine.account}:role/{self.role}",
            Tags={"team": "of ours: 1", "stage": "prod"},
        )
        self.arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{self.name}"
        lambda_ = engine.client()
        lambda_.put_runtime_management_config(
            FunctionName=self.name, UpdateRuntimeOn="FunctionUpdate"
        )
        lambda_.put_function_recursion_config(FunctionName=self.name, RecursiveLoop="Allow")
        logs, group = engine.client("logs"), f"/aws/lambda/{self.name}"
        logs.create_log_group(logGroupName=group)
        logs.put_retention_policy(logGroupName=group, retentionInDays=7)
        self.queue_arn = self._queue()
        self._rule()
        self._schedule()
        self._machine()
        self.rest = self._rest_api()
        self.http = self._http_api()

    def _role(self) -> str:
        iam, name = self.engine.client("iam"), self.engine.name("role")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        condition = {"StringEquals": {"aws:ResourceTag/team": "mine"}}
        statements = [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
            {"Effect": "Allow", "Action": "ec2:StopInstances", "Resource": "*"}
            | {"Condition": condition},
            {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"},
        ]
        iam.put_role_policy(
            RoleName=name,
            PolicyName="own",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
        return name

    def _queue(self) -> str:
        sqs = self.engine.client("sqs")
        url = sqs.create_queue(QueueName=self.engine.name("dead"))["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(told["Attributes"]["QueueArn"])

    def _rule(self) -> None:
        events, self.rule = self.engine.client("events"), self.engine.name("rule")
        events.put_rule(Name=self.rule, ScheduleExpression="rate(1 day)")
        dead = {"DeadLetterConfig": {"Arn": self.queue_arn}}
        targets = [{"Id": "f", "Arn": self.arn, **dead}, {"Id": "q", "Arn": self.queue_arn}]
        events.put_targets(Rule=self.rule, Targets=targets)

    def _schedule(self) -> None:
        self.schedule = self.engine.name("once")
        role = f"arn:aws:iam::{self.engine.account}:role/{self.role}"
        self.engine.client("scheduler").create_schedule(
            Name=self.schedule,
            ScheduleExpression="at(2099-01-01T00:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": self.arn,
                "RoleArn": role,
                "RetryPolicy": {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 86400},
            },
        )

    def _machine(self) -> None:
        self.machine = self.engine.name("steps")
        task = {"Type": "Task", "Resource": self.arn, "End": True}
        self.engine.client("stepfunctions").create_state_machine(
            name=self.machine,
            roleArn=f"arn:aws:iam::{self.engine.account}:role/{self.role}",
            definition=json.dumps({"StartAt": "Call", "States": {"Call": task}}),
        )

    def _rest_api(self) -> str:
        gateway, name = self.engine.client("apigateway"), self.engine.name("rest")
        api = gateway.create_rest_api(name=name, binaryMediaTypes=["image/png"])["id"]
        (root,) = gateway.get_resources(restApiId=api)["items"]
        for verb, kind in (("GET", "AWS_PROXY"), ("OPTIONS", "MOCK")):
            method = {"restApiId": api, "resourceId": root["id"], "httpMethod": verb}
            gateway.put_method(**method, authorizationType="NONE")
            region = self.engine.region
            to = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{self.arn}"
            uri = {"uri": f"{to}/invocations"} if kind == "AWS_PROXY" else {}
            gateway.put_integration(**method, type=kind, integrationHttpMethod="POST", **uri)
        gateway.create_deployment(restApiId=api, stageName="v1", variables={"a": "b"})
        return name

    def _http_api(self) -> str:
        gateway, name = self.engine.client("apigatewayv2"), self.engine.name("http")
        api = gateway.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
        lead = gateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=self.arn,
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        gateway.create_route(ApiId=api, RouteKey="GET /", Target=f"integrations/{lead}")
        other = gateway.create_integration(
            ApiId=api,
            IntegrationType="HTTP_PROXY",
            IntegrationMethod="GET",
            IntegrationUri="https://example.com/",
            PayloadFormatVersion="1.0",
        )["IntegrationId"]
        gateway.create_route(ApiId=api, RouteKey="GET /else", Target=f"integrations/{other}")
        gateway.create_stage(ApiId=api, StageName="beta", AutoDeploy=True)
        return name


@pytest.fixture(scope="module")
def lab(engine: Engine) -> Lab:
    return Lab(engine)


def test_what_is_not_exported_is_named(lab: Lab) -> None:
    application: Application = read(At(lab.engine), [lab.name], "app")
    assert set(application.notes) >= {
        f"{lab.name}: that its runtime is updated FunctionUpdate; the export has Auto",
        f"{lab.name}: that it may call itself in a loop; in the export Lambda ends such loops",
        f"{lab.name}: that its log is kept for 7 days; what Lambda makes is kept for ever",
        f"{lab.name}: the state machine {lab.machine}, which calls it",
        f"the rule {lab.rule}: what else it calls: {lab.queue_arn}",
        f"the rule {lab.rule}: of its target DeadLetterConfig",
        f"the schedule {lab.schedule}: its RetryPolicy",
        f"the schedule {lab.schedule}: its ActionAfterCompletion",
        f"{lab.rest}: of its stage variables",
        f"{lab.rest}: 1 methods that lead to none of these functions, such as OPTIONS with an "
        "answer of its own",
        f"{lab.http}: its stages beta; the export has the stage $default",
        f"{lab.http}: 1 routes that lead to none of these functions",
        f"the role {lab.role}: a statement that allows ec2:StopInstances on a condition; look at "
        "it by hand",
        f"the role {lab.role}: a statement that denies something, or names what it does not allow; "
        "look at it by hand",
    }
    (function,) = application.functions
    # Without its condition a statement would allow more than it does here.
    assert [one.actions for one in function.statements] == [["s3:GetObject"]]


SHOWN: dict[str, dict[str, list[str]]] = {
    "sam": {"template.yaml": ["team: 'of ours: 1'", "- image~1png"]},
    "cdk": {
        "stack.py": [
            '.add("stage", "prod")',
            'binary_media_types=["image/png"]',
            "    Tags,\n",
        ]
    },
    "terraform": {
        "functions.tf": ['stage = "prod"'],
        "triggers.tf": ['binary_media_types = ["image/png"]'],
    },
    "zip": {"deploy.sh": ["aws lambda tag-resource", '"stage": "prod"']},
}


@pytest.mark.parametrize("form", get_args(Format))
def test_tags_and_binary_media_types_come_along(lab: Lab, form: Any, tmp_path: Path) -> None:
    export(At(lab.engine), form, [lab.name], tmp_path / "app")
    for name, texts in SHOWN[form].items():
        written = " ".join((tmp_path / "app" / name).read_text().split(" "))
        for text in texts:
            assert text in written or text in " ".join(written.split()), written
