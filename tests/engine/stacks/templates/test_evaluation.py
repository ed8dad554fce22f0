"""What is declared, in which order, with which sources and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import Made
from lambda_nb.engine.stacks.templates.evaluation import Evaluation, Output, Source
from lambda_nb.engine.stacks.templates.resolution.ordering import ordered

Evaluated = Callable[..., Evaluation]
UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: dev}
  Names: {Type: CommaDelimitedList, Default: "a,b"}
Conditions:
  Live: !Equals [!Ref Stage, prod]
  Test: !Not [!Condition Live]
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Alarm: {Type: AWS::CloudWatch::Alarm, Condition: Live, Properties: {AlarmName: !Ref Queue}}
  Topic:
    Type: AWS::SNS::Topic
    DependsOn: [Alarm, Role]
    Properties:
      TopicName: !Sub '${Stage}-${AWS::Region}'
      DisplayName: !If [Live, !GetAtt Alarm.Arn, !GetAtt Queue.Arn]
      Tags:
        - {Key: fixed, Value: x}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
Outputs:
  Url: {Value: !Ref Queue, Description: where, Export: {Name: !Sub '${Stage}-url'}}
  Alarm: {Condition: Live, Value: !Ref Alarm}
  Count: {Value: 5}
"""


def test_conditions_decide_what_is_declared(evaluated: Evaluated) -> None:
    dev, prod = evaluated(TEMPLATE), evaluated(TEMPLATE, Stage="prod")
    assert (dev.conditions, prod.conditions) == (
        {"Live": False, "Test": True},
        {"Live": True, "Test": False},
    )
    assert list(dev.declared) == ["Queue", "Topic", "Role"]
    assert list(prod.declared) == ["Queue", "Alarm", "Topic", "Role"]


def test_dependencies_follow_the_chosen_branches(evaluated: Evaluated) -> None:
    assert evaluated(TEMPLATE).dependencies["Topic"] == {"Queue", "Role"}
    assert evaluated(TEMPLATE, Stage="prod").dependencies["Topic"] == {"Alarm", "Role"}


def test_a_reference_to_what_is_not_declared_is_refused(evaluated: Evaluated) -> None:
    text = TEMPLATE.replace("AssumeRolePolicyDocument: {}", "RoleName: !Ref Alarm")
    evaluated(text, Stage="prod")
    with pytest.raises(AWSError, match=r"dependencies \[Alarm\] in the Resources block"):
        evaluated(text)
    text = TEMPLATE.replace("Value: 5", "Value: !GetAtt Alarm.Arn")
    with pytest.raises(AWSError, match=r"dependencies \[Alarm\] in the Outputs block"):
        evaluated(text)


def test_a_circle_is_refused(evaluated: Evaluated) -> None:
    text = """
Resources:
  A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref B}}
  B: {Type: AWS::SQS::Queue, DependsOn: C}
  C: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${A.Arn}'}}
  D: {Type: AWS::SQS::Queue, DependsOn: A}
"""
    with pytest.raises(AWSError) as refused:
        evaluated(text)
    assert refused.value.message == "Circular dependency between resources: [A, B, C]"
    with pytest.raises(AWSError, match=r"Circular dependency between resources: \[A\]"):
        evaluated("Resources: {A: {Type: AWS::SQS::Queue, DependsOn: A}}")


@given(st.lists(st.lists(st.integers(0, 30), max_size=5), max_size=30))
def test_a_dependency_always_precedes(graph: list[list[int]]) -> None:
    # An edge leads to an earlier number only, so there is no circle.
    needs = {
        str(name): frozenset(str(other) for other in others if other < name)
        for name, others in reversed(list(enumerate(graph)))
    }
    order = ordered(needs)
    assert sorted(order) == sorted(needs)
    for name, others in needs.items():
        assert all(order.index(other) < order.index(name) for other in others)


def test_outputs_are_texts_and_respect_conditions(evaluated: Evaluated) -> None:
    made = {"Queue": Made("https://sqs/q")}
    assert evaluated(TEMPLATE).outputs(made) == [
        Output("Url", "https://sqs/q", "where", "dev-url"),
        Output("Count", "5", None, None),
    ]
    with pytest.raises(AWSError, match="must evaluate to a String"):
        evaluated(TEMPLATE.replace("Value: 5", "Value: !Ref Names")).outputs(made)


def test_outputs_show_parameters_of_systems_manager_but_no_secrets(evaluated: Evaluated) -> None:
    secret = "{{resolve:secretsmanager:db:SecretString:pw}}"
    text = TEMPLATE.replace("Value: 5", f"Value: '{secret} {{{{resolve:ssm:/size:2}}}}'")
    outputs = evaluated(text).outputs({"Queue": Made("q")})
    assert outputs[-1].value == f"{secret} 128"


def test_a_preview_shows_what_is_known(evaluated: Evaluated) -> None:
    text = """
Resources:
  New: {Type: AWS::SQS::Queue}
  Old: {Type: AWS::SQS::Queue}
  It:
    Type: Custom::Thing
    Properties:
      Ref: !Ref New
      Attribute: !GetAtt New.Arn
      Text: !Sub 'x ${New.Arn} ${Old}'
      Joined: !Join ['-', [a, !Ref New]]
      Joined2: !Join ['-', !GetAtt Thing.List]
      Chosen: !Select [3, !Split [':', !GetAtt New.Arn]]
      Part: !Select [5, !Split [':', !Sub 'a:${New}']]
      Encoded: {'Fn::Base64': !Ref New}
      Blocks: !Cidr [!GetAtt Thing.Block, 2, 8]
      Length: !Length {'Fn::GetAtt': [Thing, List]}
      Known: !GetAtt Old.Arn
      Secret: '{{resolve:ssm:/size:2}}'
  Thing: {Type: Custom::Thing}
"""
    made: Mapping[str, Made] = {
        "Old": Made("old", {"Arn": "arn:old"}),
        "New": Made("replaced", {"Arn": "arn:replaced"}),
    }
    assert evaluated(text).preview("It", made, frozenset({"New"})) == {
        "Ref": UNKNOWN,
        "Attribute": UNKNOWN,
        "Text": f"x {UNKNOWN} old",
        "Joined": f"a-{UNKNOWN}",
        "Joined2": UNKNOWN,
        "Chosen": UNKNOWN,
        "Part": UNKNOWN,
        "Encoded": UNKNOWN,
        "Blocks": UNKNOWN,
        "Length": UNKNOWN,
        "Known": "arn:old",
        "Secret": "{{resolve:ssm:/size:2}}",
    }


def test_sources_name_what_a_property_depends_on(evaluated: Evaluated) -> None:
    evaluation = evaluated(TEMPLATE)
    assert evaluation.sources("Topic", "TopicName") == (Source("ParameterReference", "Stage"),)
    assert evaluation.sources("Topic", "DisplayName") == (Source("ResourceAttribute", "Queue.Arn"),)
    assert evaluation.sources("Topic", "Tags") == ()
    prod = evaluated(TEMPLATE, Stage="prod")
    assert prod.sources("Alarm", "AlarmName") == (Source("ResourceReference", "Queue"),)


def test_imports_are_those_of_what_is_declared(evaluated: Evaluated) -> None:
    text = """
Parameters: {Net: {Type: String, Default: main}}
Conditions: {Never: !Equals [a, b]}
Resources:
  A: {Type: Custom::A, Properties: {V: {'Fn::ImportValue': !Sub '${Net}-vpc'}}}
  B: {Type: Custom::A, Condition: Never, Properties: {V: !ImportValue other}}
  C: {Type: Custom::A, Properties: {V: !If [Never, !ImportValue other, [!ImportValue third]]}}
Outputs: {O: {Value: !ImportValue fourth}}
"""
    assert evaluated(text).imports() == {"main-vpc", "third", "fourth"}
    bad = text.replace("'${Net}-vpc'", "'${C}-vpc'")
    with pytest.raises(AWSError, match="must not depend on any resources"):
        evaluated(bad).imports()


RULES = """
Parameters:
  Stage: {Type: String, Default: test}
  Size: {Type: String, Default: small}
  Zones: {Type: CommaDelimitedList, Default: "a,b"}
Rules:
  Sizes:
    RuleCondition: !Equals [!Ref Stage, test]
    Assertions:
      - Assert: !Contains [[small, tiny], !Ref Size]
        AssertDescription: A test must be small
  Places:
    Assertions:
      - Assert: !EachMemberIn [!Ref Zones, [a, b, c]]
      - Assert: !Not [!EachMemberEquals [!Ref Zones, c]]
      - Assert: !Or [!Equals [a, b], !And [!Equals [a, a], !Equals [!Ref Size, !Ref Size]]]
Resources: {A: {Type: AWS::SQS::Queue}}
"""


def test_rules_are_checked(evaluated: Evaluated) -> None:
    evaluated(RULES).check_rules()
    evaluated(RULES, Stage="prod", Size="large").check_rules()
    with pytest.raises(AWSError, match="Rule 'Sizes' failed: A test must be small"):
        evaluated(RULES, Size="large").check_rules()
    with pytest.raises(AWSError, match="Rule 'Places' failed"):
        evaluated(RULES, Zones="c,c").check_rules()
    with pytest.raises(AWSError, match="Rule 'Places' failed"):
        evaluated(RULES, Zones="a,d").check_rules()


def test_rules_about_resources_of_others_are_refused(evaluated: Evaluated) -> None:
    text = RULES.replace("[!Ref Zones, c]", "[!ValueOfAll [AWS::EC2::VPC::Id, Tags.a], c]")
    with pytest.raises(AWSError, match="Fn::ValueOfAll in Rules needs attributes"):
        evaluated(text).check_rules()
