"""``AWS::Include`` and macros of one's own, for a template and for parts of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lambda_nb.engine.errors import AWSError

Expanding = Callable[..., dict[str, Any]]


def test_an_include_joins_what_stands_beside_it(expanding: Expanding, around: Any) -> None:
    around.files["s3://bucket/queue.yaml"] = "DelaySeconds: 3\nQueueName: !Ref Name"
    made = expanding(
        """
Parameters: {Name: {Type: String}, Where: {Type: String}}
Resources:
  A:
    Type: AWS::SQS::Queue
    Properties:
      FifoQueue: true
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: !Sub 's3://${Where}/queue.yaml'}}
""",
        Name="a.fifo",
        Where="bucket",
    )
    assert made["Resources"]["A"]["Properties"] == {
        "FifoQueue": True,
        "DelaySeconds": 3,
        "QueueName": {"Ref": "Name"},
    }


def test_an_include_of_the_whole_template(expanding: Expanding, around: Any) -> None:
    around.files["s3://b/k"] = '{"Outputs": {"O": {"Value": {"Ref": "A"}}}}'
    made = expanding(
        """
Transform: {Name: AWS::Include, Parameters: {Location: 's3://b/k'}}
Resources: {A: {Type: AWS::SQS::Queue}}
"""
    )
    assert list(made) == ["Resources", "Outputs"]


def test_macros_get_what_aws_sends_and_run_from_within(expanding: Expanding, around: Any) -> None:
    requests = []

    def renaming(request: dict[str, Any]) -> dict[str, Any]:
        requests.append(request)
        fragment = {**request["fragment"], "QueueName": request["params"]["To"]}
        return {"status": "success", "fragment": fragment}

    def adding(request: dict[str, Any]) -> dict[str, Any]:
        requests.append(request)
        resources = {**request["fragment"]["Resources"], "B": {"Type": "AWS::SNS::Topic"}}
        return {"status": "SUCCESS", "fragment": {**request["fragment"], "Resources": resources}}

    around.macros = {"Rename": renaming, "Add": adding}
    made = expanding(
        """
Transform: [Add]
Parameters: {Names: {Type: CommaDelimitedList, Default: "a,b"}}
Resources:
  A:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: 1
      Fn::Transform: [{Name: Rename, Parameters: {To: !Select [1, !Ref Names]}}]
"""
    )
    assert made["Resources"] == {
        "A": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1, "QueueName": "b"}},
        "B": {"Type": "AWS::SNS::Topic"},
    }
    inner, outer = requests
    assert {name: inner[name] for name in inner if name != "requestId"} == {
        "accountId": "123456789012",
        "fragment": {"DelaySeconds": 1},
        "params": {"To": "b"},
        "region": "eu-west-1",
        "templateParameterValues": {"Names": ["a", "b"]},
        "transformId": "123456789012::Rename",
    }
    assert outer["fragment"]["Resources"]["A"]["Properties"]["QueueName"] == "b"
    assert outer["params"] == {}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            {"status": "failed", "errorMessage": "no queues here"},
            "Transform 123456789012::M failed with: no queues here",
        ),
        ({"status": "failure"}, "Transform 123456789012::M failed without an error message."),
        ({}, "Transform 123456789012::M failed without an error message."),
        ({"status": "success"}, "Received malformed response from transform 123456789012::M"),
        (
            {"status": "success", "fragment": {}, "requestId": "other"},
            "Received malformed response from transform 123456789012::M",
        ),
        ({"status": "success", "fragment": [1]}, "it did not return a template"),
        (
            {"status": "success", "fragment": {"Transform": "N", "Resources": {}}},
            "a transform must not ask for others: [N]",
        ),
        ({"status": "success", "fragment": {}}, "At least one Resources member must be defined."),
    ],
)
def test_a_macro_that_fails(
    expanding: Expanding, around: Any, answer: dict[str, Any], message: str
) -> None:
    around.macros = {"M": lambda _: answer}
    with pytest.raises(AWSError) as refused:
        expanding("Transform: M\nResources: {A: {Type: AWS::SQS::Queue}}")
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        ("{Name: AWS::Include}", "The value of parameter Location must be a string."),
        (
            "{Name: AWS::Include, Parameters: {Location: 'http://a'}}",
            "The location http://a is not an S3 location",
        ),
        (
            "{Name: AWS::Include, Parameters: {Location: 's3://b/gone'}}",
            "Transform AWS::Include failed with: The specified key does not exist.",
        ),
        (
            "{Name: AWS::Include, Parameters: {Location: 's3://b/circle'}}",
            "Transform AWS::Include failed with: s3://b/circle includes itself.",
        ),
        (
            "{Name: AWS::Include, Parameters: {Location: 's3://b/nameless'}}",
            "every Fn::Transform object must have a Name",
        ),
        ("AWS::CodeDeployBlueGreen", "Transform AWS::CodeDeployBlueGreen is not supported here."),
        ("AWS::SecretsManager-2020-07-23", "is not supported here."),
    ],
)
def test_a_transform_that_cannot_be_done(
    expanding: Expanding, around: Any, transform: str, message: str
) -> None:
    circle = "A: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: 's3://b/circle'}}}"
    around.files = {"s3://b/circle": circle, "s3://b/nameless": "A: {Fn::Transform: {}}"}
    with pytest.raises(AWSError) as refused:
        expanding(f"Transform: {transform}\nResources: {{A: {{Type: AWS::SQS::Queue}}}}")
    assert message in refused.value.message
