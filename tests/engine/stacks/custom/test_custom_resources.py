"""Custom resources in real stacks: what their functions get, and what becomes of their answers."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from engine_fixtures import Ear, Engine, needs_program
from stacks_api_lab import Stack, custom, inline

PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
ANSWERING = """
import json
import cfnresponse
{say}
def handler(event, context):
    say(json.dumps(event))
    asked = event["ResourceProperties"]
    data = {{"Twice": asked.get("Word", "") * 2}}
    making = event["RequestType"] == "Create"
    status = asked.get("Answer", "SUCCESS") if making else "SUCCESS"
    named = asked.get("Id", "the-thing")
    cfnresponse.send(event, context, status, data, named, reason="it is broken")
"""
NODE = """
const response = require("cfn-response");
exports.handler = (event, context) => {
  const word = event.ResourceProperties.Word ?? "";
  response.send(event, context, response.SUCCESS, { Twice: word + word }, "by-node");
};
"""
# As in CDK's handlers: a host name and a path, TLS, no port.
BY_CDK = """
const https = require("https");
const { parse } = require("url");
exports.handler = async (event) => {
  const body = JSON.stringify({
    Status: "SUCCESS", Reason: "SUCCESS", PhysicalResourceId: "by-cdk",
    StackId: event.StackId, RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId, Data: { Twice: "twotwo" },
  });
  const url = parse(event.ResponseURL);
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body, "utf8") };
  const asked = { hostname: url.hostname, path: url.path, method: "PUT", headers };
  await new Promise((done, failed) => {
    const request = https.request(asked, (reply) => { reply.resume(); done(); });
    request.on("error", failed);
    request.write(body);
    request.end();
  });
};
"""
TWICE = {"Twice": {"Fn::GetAtt": ["Thing", "Twice"]}, "Ref": {"Ref": "Thing"}}


def maker(ear: Ear) -> dict[str, Any]:
    """A function that tells its requests and answers as their properties say."""
    return inline(PYTHON, ANSWERING.format(say=ear.say))


def heard(ear: Ear, count: int) -> list[dict[str, Any]]:
    """The requests that the function got."""
    ear.wait(lambda said: len(said) >= count)
    return [json.loads(said) for said in ear.heard]


def test_a_function_makes_changes_and_deletes_one(engine: Engine, ear: Ear) -> None:
    stack = Stack(engine)
    first = {"Word": "ab", "Count": 3, "On": True, "Nested": {"List": [1, False]}}
    made = {"Maker": maker(ear), "Thing": custom(**first)}
    assert stack.create(made, TWICE) == "CREATE_COMPLETE", stack.history()
    assert stack.outputs() == {"Twice": "abab", "Ref": "the-thing"}
    (create,) = heard(ear, 1)
    url, token = create.pop("ResponseURL"), create["ServiceToken"]
    assert url.startswith(engine.url)
    assert create.pop("RequestId")
    stack_id = stack.told()["StackId"]
    texts = {"Word": "ab", "Count": "3", "On": "true", "Nested": {"List": ["1", "false"]}}
    assert create == {
        "RequestType": "Create",
        "ServiceToken": token,
        "StackId": stack_id,
        "LogicalResourceId": "Thing",
        "ResourceType": "Custom::Thing",
        "ResourceProperties": {"ServiceToken": token, **texts},
    }

    changed = {"Maker": maker(ear), "Thing": custom(Word="cd")}
    assert stack.update(changed, TWICE) == "UPDATE_COMPLETE", stack.history()
    assert stack.outputs()["Twice"] == "cdcd"
    update = heard(ear, 2)[1]
    assert update["RequestType"] == "Update"
    assert update["PhysicalResourceId"] == "the-thing"
    assert update["ResourceProperties"] == {"ServiceToken": token, "Word": "cd"}
    assert update["OldResourceProperties"] == {"ServiceToken": token, **texts}

    assert stack.delete() == "DELETE_COMPLETE", stack.history()
    delete = heard(ear, 3)[2]
    assert (delete["RequestType"], delete["PhysicalResourceId"]) == ("Delete", "the-thing")


def test_another_physical_id_replaces_the_resource(engine: Engine, ear: Ear) -> None:
    stack = Stack(engine)
    stack.create({"Maker": maker(ear), "Thing": custom(Id="old")})
    changed = {"Maker": maker(ear), "Thing": custom(Id="new")}
    assert stack.update(changed, {"Ref": {"Ref": "Thing"}}) == "UPDATE_COMPLETE"
    assert stack.outputs() == {"Ref": "new"}
    requests = [(one["RequestType"], one.get("PhysicalResourceId")) for one in heard(ear, 3)]
    assert requests == [("Create", None), ("Update", "old"), ("Delete", "old")]
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_failed_one_rolls_its_stack_back(engine: Engine, ear: Ear) -> None:
    stack = Stack(engine)
    made = {
        "Maker": maker(ear),
        "Thing": custom("AWS::CloudFormation::CustomResource", Answer="FAILED"),
    }
    assert stack.create(made) == "ROLLBACK_COMPLETE"
    (reason,) = [why for name, status, why in stack.history() if status == "CREATE_FAILED"]
    assert reason.startswith(
        "Received response status [FAILED] from custom resource. Message returned: it is broken "
        "(RequestId: "
    )
    # It may have made something all the same: it is asked to delete that.
    requests = [(one["RequestType"], one.get("PhysicalResourceId")) for one in heard(ear, 2)]
    assert requests == [("Create", None), ("Delete", "the-thing")]


def test_one_whose_function_fails_for_good_fails_at_once(engine: Engine) -> None:
    stack = Stack(engine)
    failing = "def handler(event, context):\n    raise RuntimeError('no such thing')\n"
    no_retry = {
        "FunctionName": {"Ref": "Maker"},
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 0,
    }
    made = {
        "Maker": inline(PYTHON, failing),
        "NoRetry": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": no_retry},
        "Thing": {**custom(), "DependsOn": "NoRetry"},
    }
    stack.api.create_stack(
        StackName=stack.name, TemplateBody=json.dumps({"Resources": made}), DisableRollback=True
    )
    assert stack.wait() == "CREATE_FAILED"
    (reason,) = [
        why for name, status, why in stack.history() if (name, status) == ("Thing", "CREATE_FAILED")
    ]
    assert "the function failed: RuntimeError: no such thing" in reason


def test_one_whose_function_cannot_start_fails_at_once(engine: Engine) -> None:
    stack = Stack(engine)
    name = engine.create("", wait=False, Runtime="dotnet8")
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    stack.api.create_stack(
        StackName=stack.name,
        TemplateBody=json.dumps({"Resources": {"Thing": custom(token=arn)}}),
        DisableRollback=True,
    )
    assert stack.wait() == "CREATE_FAILED"
    (reason,) = [
        why for name, status, why in stack.history() if (name, status) == ("Thing", "CREATE_FAILED")
    ]
    assert "the function failed: Runtime dotnet8 cannot run: " in reason


def test_one_that_never_answers_fails_after_its_timeout(engine: Engine) -> None:
    stack = Stack(engine)
    made = {
        "Maker": inline(PYTHON, "def handler(event, context):\n    pass\n"),
        "Thing": custom(ServiceTimeout=1),
    }
    stack.api.create_stack(
        StackName=stack.name, TemplateBody=json.dumps({"Resources": made}), DisableRollback=True
    )
    assert stack.wait() == "CREATE_FAILED"
    (reason,) = [
        why for name, status, why in stack.history() if (name, status) == ("Thing", "CREATE_FAILED")
    ]
    assert "CloudFormation did not receive a response from your Custom Resource." in reason


@needs_program("node")
@pytest.mark.parametrize(("code", "named"), [(NODE, "by-node"), (BY_CDK, "by-cdk")])
def test_handlers_for_nodejs_answer_unmodified(engine: Engine, code: str, named: str) -> None:
    stack = Stack(engine)
    made = {"Maker": inline("nodejs22.x", code), "Thing": custom(Word="two")}
    assert stack.create(made, TWICE) == "CREATE_COMPLETE", stack.history()
    assert stack.outputs() == {"Twice": "twotwo", "Ref": named}
    assert stack.delete() == "DELETE_COMPLETE"


def test_one_may_be_made_by_who_reads_a_topic(engine: Engine, ear: Ear) -> None:
    stack = Stack(engine)
    code = ANSWERING.format(say=ear.say).replace(
        "say(json.dumps(event))", 'event = json.loads(event["Records"][0]["Sns"]["Message"])'
    )
    made = {
        "Maker": inline(PYTHON, code),
        "Topic": {"Type": "AWS::SNS::Topic"},
        "May": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Maker"},
                "Principal": "sns.amazonaws.com",
                "SourceArn": {"Ref": "Topic"},
            },
        },
        "Reads": {
            "Type": "AWS::SNS::Subscription",
            "DependsOn": "May",
            "Properties": {
                "Protocol": "lambda",
                "TopicArn": {"Ref": "Topic"},
                "Endpoint": {"Fn::GetAtt": ["Maker", "Arn"]},
            },
        },
        "Thing": {**custom(token={"Ref": "Topic"}, Word="sn"), "DependsOn": "Reads"},
    }
    assert stack.create(made, TWICE) == "CREATE_COMPLETE", stack.history()
    assert stack.outputs()["Twice"] == "snsn"
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_token_that_names_nobody_is_refused(engine: Engine) -> None:
    stack = Stack(engine)
    assert stack.create({"Thing": custom(token="somebody")}) == "ROLLBACK_COMPLETE"
    (reason,) = [why for _, status, why in stack.history() if status == "CREATE_FAILED"]
    assert "Invalid service token: 'somebody'" in reason


def test_what_an_answer_keeps_secret_is_in_no_event(engine: Engine) -> None:
    code = """
import cfnresponse
def handler(event, context):
    told = {"Word": event["ResourceProperties"]["Say"] + "-hush"}
    cfnresponse.send(event, context, "SUCCESS", told, "it", noEcho=True)
"""
    stack = Stack(engine)

    def resources(word: str) -> dict[str, Any]:
        secret = {"Fn::Sub": "it is ${Thing.Word}"}
        user = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": secret}}
        return {"Maker": inline(PYTHON, code), "Thing": custom(Say=word), "User": user}

    named = {"Name": {"Ref": "User"}}
    assert stack.create(resources("say"), named) == "CREATE_COMPLETE", stack.history()
    assert stack.update(resources("tell"), named) == "UPDATE_COMPLETE", stack.history()
    kept = engine.client("ssm").get_parameter(Name=stack.outputs()["Name"])["Parameter"]
    assert kept["Value"] == "it is tell-hush"
    events = stack.api.describe_stack_events(StackName=stack.name)["StackEvents"]
    shown = [json.loads(one.get("ResourceProperties") or "{}").get("Value") for one in events]
    assert {one for one in shown if one is not None} == {"it is ****"}
    assert stack.delete() == "DELETE_COMPLETE", stack.history()
