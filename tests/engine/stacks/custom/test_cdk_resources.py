"""What the CDK writes into templates: its version check, metadata, exports and custom resources.

The handlers are written anew, and do what those of the CDK do.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from engine_fixtures import Engine, error_of, zip_of
from stacks_api_lab import Stack, custom, inline

VERSION = "/cdk-bootstrap/hnb659fds/version"
PYTHON = "python3.12"

# Answers as the CDK's handlers in Python do, without cfn-response.
NOTIFICATIONS = """
import boto3, json, urllib.request

s3 = boto3.client("s3")

def answer(event, context, status, reason=None):
    body = json.dumps({
        "Status": status,
        "Reason": reason or "See " + context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": False,
        "Data": {},
    }).encode()
    headers = {"content-type": "", "content-length": str(len(body))}
    asked = urllib.request.Request(
        event["ResponseURL"], data=body, headers=headers, method="PUT"
    )
    urllib.request.urlopen(asked).read()

def handler(event, context):
    try:
        given = event["ResourceProperties"]
        wanted = given["NotificationConfiguration"] if event["RequestType"] != "Delete" else {}
        if given.get("SkipDestinationValidation", "false").lower() == "true":
            raise ValueError("not asked for here")
        s3.put_bucket_notification_configuration(
            Bucket=given["BucketName"], NotificationConfiguration=wanted
        )
        answer(event, context, "SUCCESS")
    except Exception as error:
        answer(event, context, "FAILED", str(error))
"""

# The rest: one function for the sorts that the CDK has a function for each.
PROVIDER = """
import boto3, cfnresponse, io, zipfile

s3, logs = boto3.client("s3"), boto3.client("logs")

def empty(given, kind):
    if kind == "Delete":
        found = s3.list_objects_v2(Bucket=given["BucketName"]).get("Contents", [])
        for one in found:
            s3.delete_object(Bucket=given["BucketName"], Key=one["Key"])
    return {}

def retain(given, kind):
    name = given["LogGroupName"]
    if kind != "Delete":
        try:
            logs.create_log_group(logGroupName=name)
        except logs.exceptions.ResourceAlreadyExistsException:
            pass
        logs.put_retention_policy(logGroupName=name, retentionInDays=int(given["RetentionInDays"]))
    return {"LogGroupName": name}

def deploy(given, kind):
    target, prefix = given["DestinationBucketName"], given.get("DestinationBucketKeyPrefix", "")
    if kind != "Delete":
        for bucket, key in zip(given["SourceBucketNames"], given["SourceObjectKeys"]):
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            archive = zipfile.ZipFile(io.BytesIO(body))
            for name in archive.namelist():
                s3.put_object(Bucket=target, Key=prefix + name, Body=archive.read(name))
    return {"DestinationBucketArn": "arn:aws:s3:::" + target,
            "SourceObjectKeys": given["SourceObjectKeys"]}

KINDS = {"Custom::S3AutoDeleteObjects": empty, "Custom::LogRetention": retain,
         "Custom::CDKBucketDeployment": deploy}

def handler(event, context):
    try:
        data = KINDS[event["ResourceType"]](event["ResourceProperties"], event["RequestType"])
        named = event.get("PhysicalResourceId") or event["LogicalResourceId"] + "-made"
        cfnresponse.send(event, context, cfnresponse.SUCCESS, data, named)
    except Exception as error:
        cfnresponse.send(event, context, cfnresponse.FAILED, {"Error": str(error)})
"""


def deploy(stack: Stack, template: dict[str, Any]) -> str:
    stack.api.create_stack(
        StackName=stack.name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
    )
    return stack.wait()


def app(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A template as ``cdk synth`` has it: resources between its own additions."""
    analytics = {"Analytics": "v2:deflate64:H4sIAAAAAAAA/zPSM9QzUAQAzzCOnw4AAAA="}
    return {
        "Resources": {
            **resources,
            "CDKMetadata": {
                "Type": "AWS::CDK::Metadata",
                "Properties": analytics,
                "Metadata": {"aws:cdk:path": "App/CDKMetadata/Default"},
                "Condition": "CDKMetadataAvailable",
            },
        },
        "Conditions": {
            "CDKMetadataAvailable": {
                "Fn::Or": [
                    {"Fn::Equals": [{"Ref": "AWS::Region"}, "af-south-1"]},
                    {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
                ]
            }
        },
        "Parameters": {
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": VERSION,
                "Description": "Version of the CDK Bootstrap resources [cdk:skip]",
            }
        },
        "Rules": {
            "CheckBootstrapVersion": {
                "Assertions": [
                    {
                        "Assert": {
                            "Fn::Not": [
                                {
                                    "Fn::Contains": [
                                        ["1", "2", "3", "4", "5"],
                                        {"Ref": "BootstrapVersion"},
                                    ]
                                }
                            ]
                        },
                        "AssertDescription": "CDK bootstrap stack version 6 required.",
                    }
                ]
            }
        },
        **sections,
    }


@pytest.fixture(scope="module")
def bootstrapped(engine: Engine) -> Stack:
    """The stack of ``cdk bootstrap``: its version, and the bucket of assets."""
    stack = Stack(engine)
    resources = {
        "StagingBucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": f"cdk-hnb659fds-assets-{engine.account}-{engine.region}"},
            "UpdateReplacePolicy": "Retain",
            "DeletionPolicy": "Retain",
        },
        "CdkBootstrapVersion": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Type": "String",
                "Name": {"Fn::Sub": "/cdk-bootstrap/${Qualifier}/version"},
                "Value": "21",
            },
        },
    }
    template = {
        "Parameters": {"Qualifier": {"Type": "String", "Default": "hnb659fds"}},
        "Resources": resources,
        "Outputs": {
            "BootstrapVersion": {"Value": {"Fn::GetAtt": ["CdkBootstrapVersion", "Value"]}},
            "BucketName": {"Value": {"Fn::Sub": "${StagingBucket}"}},
        },
    }
    assert deploy(stack, template) == "CREATE_COMPLETE"
    assert stack.outputs()["BootstrapVersion"] == "21"
    return stack


def test_the_version_of_the_bootstrap_stack_is_checked(engine: Engine, bootstrapped: Stack) -> None:
    ssm, stack = engine.client("ssm"), Stack(engine)
    ssm.put_parameter(Name=VERSION, Value="3", Overwrite=True)
    code, message = error_of(lambda: deploy(stack, app({})))
    assert code == "ValidationError"
    assert "CDK bootstrap stack version 6 required" in message
    ssm.put_parameter(Name=VERSION, Value="21", Overwrite=True)
    assert deploy(stack, app({"Queue": {"Type": "AWS::SQS::Queue"}})) == "CREATE_COMPLETE"
    (told,) = stack.told()["Parameters"]
    assert (told["ParameterValue"], told["ResolvedValue"]) == (VERSION, "21")
    listed = stack.api.describe_stack_resources(StackName=stack.name)["StackResources"]
    kinds = {one["LogicalResourceId"]: one["ResourceType"] for one in listed}
    assert ("CDKMetadata" in kinds) == (engine.region in ("af-south-1", "us-east-1"))
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_stack_uses_what_another_exports(engine: Engine, bootstrapped: Stack) -> None:
    producer, consumer = Stack(engine), Stack(engine)
    name = f"{producer.name}:ExportsOutputFnGetAttJobs8DF1A9B2Arn0D5E1F3C"
    exported = {
        "ExportsOutputFnGetAttJobs8DF1A9B2Arn0D5E1F3C": {
            "Value": {"Fn::GetAtt": ["Jobs8DF1A9B2", "Arn"]},
            "Export": {"Name": name},
        }
    }
    jobs = {"Jobs8DF1A9B2": {"Type": "AWS::SQS::Queue"}}
    assert deploy(producer, app(jobs, Outputs=exported)) == "CREATE_COMPLETE"
    holds = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": {"Fn::ImportValue": name}},
    }
    shown = {"Held": {"Value": {"Fn::GetAtt": ["Holds", "Value"]}}}
    assert deploy(consumer, app({"Holds": holds}, Outputs=shown)) == "CREATE_COMPLETE"
    assert consumer.outputs()["Held"] == producer.outputs()[next(iter(exported))]
    assert producer.delete() == "CREATE_COMPLETE"  # it is in use
    assert consumer.delete() == "DELETE_COMPLETE"
    assert producer.delete() == "DELETE_COMPLETE"


def test_custom_resources_of_its_constructs(engine: Engine, bootstrapped: Stack) -> None:
    s3, stack = engine.client("s3"), Stack(engine)
    assets, group = bootstrapped.outputs()["BucketName"], f"/retained/{stack.name}"
    s3.put_object(Bucket=assets, Key="0f1e.zip", Body=zip_of({"index.html": "<h1>Hello</h1>"}))
    bucket, arn = {"Ref": "Site"}, {"Fn::GetAtt": ["Notifier", "Arn"]}
    events = [{"Events": ["s3:ObjectCreated:*"], "QueueArn": {"Fn::GetAtt": ["Inbox", "Arn"]}}]
    allowed = {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"],
                "Principal": {"Service": "s3.amazonaws.com"},
                "Resource": {"Fn::GetAtt": ["Inbox", "Arn"]},
            }
        ],
        "Version": "2012-10-17",
    }
    resources = {
        "Maker": inline(PYTHON, PROVIDER, Timeout=60),
        "Notifier": inline(PYTHON, NOTIFICATIONS, Timeout=60),
        "Site": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"Tags": [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]},
            "UpdateReplacePolicy": "Delete",
            "DeletionPolicy": "Delete",
        },
        "Inbox": {"Type": "AWS::SQS::Queue"},
        "InboxPolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Inbox"}], "PolicyDocument": allowed},
        },
        "AutoDelete": custom("Custom::S3AutoDeleteObjects", BucketName=bucket),
        "Notifications": {
            **custom(
                "Custom::S3BucketNotifications",
                arn,
                BucketName=bucket,
                NotificationConfiguration={"QueueConfigurations": events},
                Managed=True,
                SkipDestinationValidation=False,
            ),
            "DependsOn": ["InboxPolicy"],
        },
        "Retention": custom(
            "Custom::LogRetention", LogGroupName=group, RetentionInDays=7, RetryOptions={}
        ),
        "Deployment": {
            **custom(
                "Custom::CDKBucketDeployment",
                SourceBucketNames=[assets],
                SourceObjectKeys=["0f1e.zip"],
                DestinationBucketName=bucket,
                DestinationBucketKeyPrefix="www/",
                Prune=True,
                OutputObjectKeys=True,
            ),
            "DependsOn": ["Notifications", "AutoDelete"],
        },
    }
    outputs = {
        "Site": {"Value": bucket},
        "Inbox": {"Value": {"Ref": "Inbox"}},
        "Keys": {"Value": {"Fn::Select": [0, {"Fn::GetAtt": ["Deployment", "SourceObjectKeys"]}]}},
        "Group": {"Value": {"Fn::GetAtt": ["Retention", "LogGroupName"]}},
    }
    assert deploy(stack, app(resources, Outputs=outputs)) == "CREATE_COMPLETE", stack.history()
    told = stack.outputs()
    assert (told["Keys"], told["Group"]) == ("0f1e.zip", group)
    page = s3.get_object(Bucket=told["Site"], Key="www/index.html")["Body"].read()
    assert page == b"<h1>Hello</h1>"
    assert "www/index.html" in notified(engine, told["Inbox"])
    logs = engine.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert [one["retentionInDays"] for one in logs] == [7]
    assert stack.delete() == "DELETE_COMPLETE", stack.history()
    code, _ = error_of(lambda: s3.head_bucket(Bucket=told["Site"]))
    assert code == "404"  # it was empty when it was to be deleted


def notified(engine: Engine, queue: str) -> list[str]:
    """The keys of the objects of which a queue was told; waits for the first."""
    keys: list[str] = []
    deadline = time.monotonic() + 60
    while not keys:
        assert time.monotonic() < deadline
        got = engine.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1)
        for one in got.get("Messages", ()):
            records = json.loads(one["Body"]).get("Records", ())
            keys += [record["s3"]["object"]["key"] for record in records]
    return keys
