"""Each intrinsic function by the examples of CloudFormation's guide."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.templates.resolution.resolver import Resolver

Valued = Callable[..., Any]
REST = """
Parameters:
  Name: {Type: String, Default: web}
  Size: {Type: Number, Default: 128}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
  Image: {Type: AWS::SSM::Parameter::Value<String>, Default: /ami}
Mappings:
  RegionMap: {eu-west-1: {AMI: ami-1, List: [x, y]}, us-east-1: {AMI: ami-2}}
Conditions:
  Web: !Equals [!Ref Name, web]
  Big: !Equals [!Ref Size, 1024]
"""


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!Ref Name", "web"),
        ("!Ref Size", "128"),
        ("!Ref Zones", ["a", "b"]),
        ("!Ref Image", "/ami of AWS::SSM::Parameter::Value<String>"),
        ("!Ref Queue", "https://sqs/queue"),
        ("!Ref AWS::Region", "eu-west-1"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::StackName", "shop"),
        ("!Ref AWS::StackId", "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref AWS::NotificationARNs", ["arn:aws:sns:x"]),
        ("!Ref AWS::NoValue", "(left out)"),
        ("[a, !Ref AWS::NoValue, b]", ["a", "b"]),
        ("{a: !Ref AWS::NoValue, b: c}", {"b": "c"}),
        ("!GetAtt Queue.Arn", "arn:queue"),
        ("{'Fn::GetAtt': Queue.Arn}", "arn:queue"),
        ("!GetAtt Nested.Outputs.Url", "http://nested"),
        ("!Sub 'arn:aws:s3:::${Name}-${AWS::Region}'", "arn:aws:s3:::web-eu-west-1"),
        ("!Sub '${Queue} ${Queue.Arn}'", "https://sqs/queue arn:queue"),
        ("!Sub '${!Literal} $x ${Size}'", "${Literal} $x 128"),
        ("!Sub ['${A}-${Name}-${B}', {A: !Ref Size, B: true}]", "128-web-true"),
        ("!Join [':', [a, !Ref Name, 3, !GetAtt Queue.Arn]]", "a:web:3:arn:queue"),
        ("!Join ['', !Ref Zones]", "ab"),
        ("!Select [1, [apples, grapes]]", "grapes"),
        ("!Select ['0', !Ref Zones]", "a"),
        ("!Split ['|', 'a||c|']", ["a", "", "c", ""]),
        ("!Select [2, !Split [',', 'x,y,z']]", "z"),
        ("!FindInMap [RegionMap, !Ref AWS::Region, AMI]", "ami-1"),
        ("!FindInMap [RegionMap, eu-west-1, List]", ["x", "y"]),
        ("!FindInMap [RegionMap, mars, AMI, {DefaultValue: !Ref Name}]", "web"),
        ("!FindInMap [None, mars, AMI, {DefaultValue: none}]", "none"),
        ("!If [Web, yes it is, no]", "yes it is"),
        ("!If [Big, a, !Ref AWS::NoValue]", "(left out)"),
        ("!If [Big, {a: b}, [!If [Web, c, d]]]", ["c"]),
        ("!Base64 AWS CloudFormation", "QVdTIENsb3VkRm9ybWF0aW9u"),
        ("{'Fn::Base64': !Sub 'x ${Name}'}", base64.b64encode(b"x web").decode()),
        (
            "!Cidr [192.168.0.0/24, 6, 5]",
            [f"192.168.0.{number}/27" for number in (0, 32, 64, 96, 128, 160)],
        ),
        ("!Cidr [10.0.0.0/16, 2, 8]", ["10.0.0.0/24", "10.0.1.0/24"]),
        ("!Cidr ['2001:db8::/56', 2, 64]", ["2001:db8::/64", "2001:db8:0:1::/64"]),
        ("!GetAZs ''", ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ("!Select [0, !GetAZs {Ref: AWS::Region}]", "eu-west-1a"),
        ("!ImportValue shared-vpc", "vpc-1"),
        ("{'Fn::ImportValue': !Sub 'shared-${X}'}", None),
        ("{'Fn::GetStackOutput': {StackName: base, OutputName: Url}}", "http://base"),
        ("!Length [a, b, !Ref Name]", 3),
        ("!Length {Ref: Zones}", 2),
        ("!ToJsonString {a: [1, !Ref Name], b: true}", '{"a":[1,"web"],"b":true}'),
        ("'{{resolve:ssm:/size:2}}'", "128"),
        ("{a: ['pw={{resolve:secretsmanager:db:SecretString:pw}}']}", {"a": ["pw=s3"]}),
        ("!Sub '{{resolve:ssm:/size:2}} ${Name}'", "128 web"),
        ("!Join ['', ['{{resolve:ssm:', '/size:2}}']]", "128"),
        ("'{{other:thing}}'", "{{other:thing}}"),
        ("{Ref: a, Other: b}", {"Ref": "a", "Other": "b"}),
        ("5", 5),
        ("true", True),
    ],
)
def test_the_value_of_a_function(valued: Valued, written: str, value: object) -> None:
    if value is None:
        with pytest.raises(AWSError, match=r"Unresolved resource dependencies \[X\]"):
            valued(written, REST)
        return
    assert valued(written, REST) == value


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("!Select [3, [a]]", "Fn::Select cannot select nonexistent value at index 3"),
        ("!Select [x, [a]]", "Fn::Select requires a list argument with two elements"),
        ("!Select [0, !Ref Name]", "Fn::Select requires a list argument with two elements"),
        ("!Join [',', [[a]]]", "every Fn::Join object requires two parameters"),
        ("!FindInMap [Map, a, b]", "Mapping named 'Map' is not present in the 'Mappings' section"),
        ("!FindInMap [RegionMap, a, b]", "Unable to get mapping for RegionMap::a::b"),
        ("!Sub '${Zones}'", "variable Zones in Fn::Sub expression does not resolve to a string"),
        ("!Split [',', !Ref Zones]", "Fn::Split needs a string"),
        ("!Cidr [10.0.0.0/24, 300, 5]", "the count is 300, not 1 to 256"),
        ("!Cidr [10.0.0.0/24, 20, 5]", "has only 8 blocks of 5 bits"),
        ("!Cidr [home, 2, 5]", "'home' does not appear to be an IPv4 or IPv6 network"),
        ("!GetAtt It2.Gone", "Vendor response doesn't contain Gone attribute in object it2"),
        ("!Contains [[a], a]", "Fn::Contains can only be used in Rules."),
    ],
)
def test_a_function_that_has_no_value(evaluated: Any, written: str, message: str) -> None:
    from lambda_nb.engine.stacks.model import Made

    evaluation = evaluated(
        f"Resources: {{It: {{Type: Custom::A, Properties: {{Value: {written}}}}}, "
        f"It2: {{Type: Custom::B}}}}\n{REST}"
    )
    with pytest.raises(AWSError) as refused:
        evaluation.properties("It", {"It2": Made("it2", {"Here": "a"})})
    assert message in refused.value.message


def plain() -> Resolver:
    def never(*_: Any) -> Any:
        raise AssertionError

    return Resolver({}, never, never, never, never, "eu-west-1")


@given(st.lists(st.text(), min_size=1), st.text(min_size=1))
def test_split_undoes_join(items: list[str], delimiter: str) -> None:
    joined = {"Fn::Join": [delimiter, items]}
    split = plain().resolve({"Fn::Split": [delimiter, joined]})
    assert delimiter.join(split) == delimiter.join(items)
    if not any(delimiter in item for item in items) and len(delimiter) == 1:
        assert split == items


NAMES = st.text("abcXYZ019_", min_size=1, max_size=5)


@given(st.dictionaries(NAMES, st.text()), st.lists(st.text("ab $c\n")))
def test_sub_writes_its_variables_between_what_stays(
    variables: dict[str, str], between: list[str]
) -> None:
    names = list(variables)[: len(between)]
    text = "".join(f"{gap}${{{name}}}" for gap, name in zip(between, names, strict=False))
    meant = "".join(f"{gap}{variables[name]}" for gap, name in zip(between, names, strict=False))
    assert plain().resolve({"Fn::Sub": [text, variables]}) == meant
    assert plain().resolve({"Fn::Sub": text.replace("${", "${!")}) == text


@given(st.recursive(st.booleans(), lambda inner: st.lists(inner, min_size=2, max_size=10)))
def test_conditions_are_and_or_and_not(tree: Any) -> None:
    def written(value: Any, depth: int) -> dict[str, Any]:
        if isinstance(value, bool):
            return {"Fn::Equals": ["x", "x" if value else "y"]}
        name = "Fn::And" if depth % 2 else "Fn::Or"
        return {"Fn::Not": [{name: [written(item, depth + 1) for item in value]}]}

    def meant(value: Any, depth: int) -> bool:
        if isinstance(value, bool):
            return value
        return not (all if depth % 2 else any)(meant(item, depth + 1) for item in value)

    assert plain().condition(written(tree, 0)) is meant(tree, 0)
