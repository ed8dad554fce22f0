"""``AWS::LanguageExtensions``: loops and functions in more places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lambda_nb.engine.errors import AWSError

Expanding = Callable[..., dict[str, Any]]
HEAD = "Transform: AWS::LanguageExtensions\n"


def test_a_loop_makes_resources_and_outputs(expanding: Expanding) -> None:
    made = expanding(
        HEAD
        + """
Parameters: {Names: {Type: CommaDelimitedList, Default: "Red,Blue"}}
Conditions:
  Fn::ForEach::Tests: [Name, !Ref Names, {"Is${Name}": !Equals [!Ref Name, Red]}]
Resources:
  Fn::ForEach::Topics:
    - Name
    - !Ref Names
    - 'Topic${Name}':
        Type: AWS::SNS::Topic
        Condition: 'Is${Name}'
        Properties:
          TopicName: !Join ['.', [!Ref Name, fifo]]
          DisplayName: !Sub '${Name} in ${AWS::Region}'
      'Policy${Name}':
        Type: AWS::SNS::TopicInlinePolicy
        DependsOn: 'Topic${Name}'
        Properties: {TopicArn: !Ref 'Topic${Name}', PolicyDocument: {}}
  Plain: {Type: AWS::SQS::Queue}
Outputs:
  Fn::ForEach::Arns:
    - Name
    - [Red]
    - 'Arn${Name}': {Value: !GetAtt 'Topic${Name}.TopicArn'}
"""
    )
    assert made["Conditions"] == {
        "IsRed": {"Fn::Equals": ["Red", "Red"]},
        "IsBlue": {"Fn::Equals": ["Blue", "Red"]},
    }
    assert list(made["Resources"]) == ["TopicRed", "PolicyRed", "TopicBlue", "PolicyBlue", "Plain"]
    assert made["Resources"]["TopicBlue"] == {
        "Type": "AWS::SNS::Topic",
        "Condition": "IsBlue",
        "Properties": {
            "TopicName": {"Fn::Join": [".", ["Blue", "fifo"]]},
            "DisplayName": {"Fn::Sub": "Blue in ${AWS::Region}"},
        },
    }
    assert made["Resources"]["PolicyRed"]["DependsOn"] == "TopicRed"
    assert made["Outputs"] == {"ArnRed": {"Value": {"Fn::GetAtt": ["TopicRed", "TopicArn"]}}}
    assert "Transform" not in made


def test_loops_in_loops_and_in_properties(expanding: Expanding) -> None:
    made = expanding(
        HEAD
        + """
Mappings: {Zones: {a-1: {Of: [x]}, b-2: {Of: [x, y]}}}
Resources:
  Fn::ForEach::Outer:
    - Region
    - [a-1, b-2]
    - Fn::ForEach::Inner:
        - Zone
        - !FindInMap [Zones, !Ref Region, Of]
        - 'Q&{Region}${Zone}':
            Type: AWS::Lambda::Function
            Properties:
              Role: r
              Code: {ZipFile: x}
              Environment:
                Variables:
                  Fn::ForEach::Vars: [V, [One, Two], {"VAR_${V}": !Ref Zone}]
"""
    )
    assert list(made["Resources"]) == ["Qa1x", "Qb2x", "Qb2y"]
    variables = made["Resources"]["Qb2y"]["Properties"]["Environment"]["Variables"]
    assert variables == {"VAR_One": "y", "VAR_Two": "y"}


def test_functions_where_plain_templates_take_none(expanding: Expanding) -> None:
    made = expanding(
        HEAD
        + """
Parameters:
  Stage: {Type: String, Default: prod}
  Names: {Type: CommaDelimitedList, Default: "a,b,c"}
Conditions: {Live: !Equals [!Ref Stage, prod]}
Resources:
  Aqueue:
    Type: AWS::SQS::Queue
    DeletionPolicy: !If [Live, Retain, Delete]
    UpdateReplacePolicy: !Sub 'Retain'
    Properties:
      DelaySeconds: !Length {Ref: Names}
      VisibilityTimeout: !Length [!Ref Stage, b]
      QueueName: !ToJsonString {stage: !Ref Stage}
  B:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: {Ref: !Sub 'A${Word}'}
      DisplayName: !ToJsonString {arn: !GetAtt Aqueue.Arn}
""".replace("!Sub 'A${Word}'", "!Join ['', [A, queue]]")
    )
    queue, topic = made["Resources"]["Aqueue"], made["Resources"]["B"]
    assert (queue["DeletionPolicy"], queue["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert queue["Properties"] == {
        "DelaySeconds": 3,
        "VisibilityTimeout": 2,
        "QueueName": '{"stage":"prod"}',
    }
    assert topic["Properties"]["TopicName"] == {"Ref": "Aqueue"}
    # What needs a resource waits for it.
    assert topic["Properties"]["DisplayName"] == {
        "Fn::ToJsonString": {"arn": {"Fn::GetAtt": ["Aqueue", "Arn"]}}
    }


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("[X, [a]]", "Fn::ForEach::L layout is incorrect"),
        ("[X, [a], b]", "Fn::ForEach::L layout is incorrect"),
        ("[X, a, {'Q${X}': {Type: AWS::SQS::Queue}}]", "its collection is not a list"),
        ("[X, !Ref Q, {'Q${X}': {Type: AWS::SQS::Queue}}]", "Q is not known before"),
        ("[X, [a, b], {Q: {Type: AWS::SQS::Queue}}]", "makes the key Q twice"),
        ("[X, [{a: b}], {'Q${X}': {Type: AWS::SQS::Queue}}]", "its items must be texts"),
    ],
)
def test_a_loop_that_cannot_be_resolved(expanding: Expanding, loop: str, message: str) -> None:
    with pytest.raises(AWSError) as refused:
        expanding(f"{HEAD}Resources: {{'Fn::ForEach::L': {loop}}}")
    assert refused.value.message.startswith("Transform AWS::LanguageExtensions failed with: ")
    assert message in refused.value.message


def test_loops_in_loops_do_not_multiply_without_end(expanding: Expanding) -> None:
    items = ", ".join("a" * (number + 1) for number in range(110))
    body = "{'X${I}b${J}': {Type: AWS::SQS::Queue}}"
    inner = f"{{'Fn::ForEach::In': [J, [{items}], {body}]}}"
    with pytest.raises(AWSError, match="the loops have more than 10000 turns"):
        expanding(f"{HEAD}Resources: {{'Fn::ForEach::L': [I, [{items}], {inner}]}}")


def test_the_extensions_need_their_transform(expanding: Expanding) -> None:
    with pytest.raises(AWSError, match=r"\[/Resources/Fn::ForEach::L\] resource definition is mal"):
        expanding("Transform: Other\nResources: {'Fn::ForEach::L': [X, [a], {}]}")
    text = "Resources: {A: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !Length [a]}}}"
    with pytest.raises(AWSError, match="unsupported function: Fn::Length"):
        expanding(text)
