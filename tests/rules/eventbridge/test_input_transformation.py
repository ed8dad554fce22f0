"""What targets get: by the table of examples in EventBridge's guide, and laws of templates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events.eventbridge.input_transformation import (
    TransformationError,
    at_path,
    filled,
    is_path,
    payload,
)

EVENT = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "123456789012",
    "time": "2015-11-11T21:29:54Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
    "detail": {"instance-id": "i-0123456789", "state": "RUNNING", "n": 5, "o": {"a": [1, 2]}},
}
RULE = "arn:aws:events:us-east-1:123456789012:rule/example"
WHEN = "2026-01-02T03:04:05.678Z"
PATHS = {
    "timestamp": "$.time",
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "n": "$.detail.n",
    "o": "$.detail.o",
    "nothing": "$.detail.nothing",
}


def told(template: str) -> str:
    target = {"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}
    return payload(target, EVENT, RULE, WHEN)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'),
        (
            r'"instance \"<instance>\" is in <state>"',
            r'"instance \"i-0123456789\" is in RUNNING"',
        ),
        (
            '{\n  "instance" : <instance>,\n  "state": <state>\n}',
            '{"instance":"i-0123456789","state":"RUNNING"}',
        ),
        (
            '{"instance": <instance>, "state": "<state>", '
            r'"instanceStatus": "instance \"<instance>\" is in <state>"}',
            '{"instance":"i-0123456789","state":"RUNNING",'
            r'"instanceStatus":"instance \"i-0123456789\" is in RUNNING"}',
        ),
        (
            '{"instance": <instance>, "state": [9, <state>, true], "Transformed": "Yes"}',
            '{"instance":"i-0123456789","state":[9,"RUNNING",true],"Transformed":"Yes"}',
        ),
        (
            '{"ruleArn": <aws.events.rule-arn>, "ruleName": <aws.events.rule-name>}',
            f'{{"ruleArn":"{RULE}","ruleName":"example"}}',
        ),
        ('"<aws.events.rule-name> triggered"', '"example triggered"'),
        ('{"at": <aws.events.event.ingestion-time>}', f'{{"at":"{WHEN}"}}'),
        ('{"o": <o>, "n": <n>, "s": "<n>"}', '{"o":{"a":[1,2]},"n":5,"s":"5"}'),
        ('{"a": "<nothing>", "b": <nothing>}', '{"a":"","b":""}'),
        ("[<n>, <state>]", '[5,"RUNNING"]'),
        ('"one <n>"\n"two <state>"', '"one 5"\n"two RUNNING"'),
    ],
)
def test_templates(template: str, expected: str) -> None:
    assert told(template) == expected


def test_the_whole_event_with_and_without_its_detail() -> None:
    assert json.loads(told('{"e": <aws.events.event.json>}')) == {"e": EVENT}
    without = {name: value for name, value in EVENT.items() if name != "detail"}
    assert json.loads(told('{"e": <aws.events.event>}')) == {"e": without}


def test_values_are_not_escaped_so_that_quotes_may_break_a_template() -> None:
    with pytest.raises(TransformationError, match="not valid JSON"):
        filled('{"a": "<x>"}', {"x": 'say "hi"'})
    assert filled('{"a": <x>}', {"x": 'say "hi"'}) == r'{"a":"say \"hi\""}'


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, EVENT),
        ({"Input": '{"a": 1}'}, {"a": 1}),
        ({"InputPath": "$.detail.o.a[1]"}, 2),
        ({"InputPath": "$.detail.missing"}, None),
        ({"InputPath": "$.detail"}, EVENT["detail"]),
    ],
)
def test_inputs(target: dict[str, Any], expected: Any) -> None:
    assert json.loads(payload(target, EVENT, RULE, WHEN)) == expected


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", EVENT),
        ("$.detail.o.a", [1, 2]),
        ("$.detail.o.a[*]", [1, 2]),
        ("$.detail.o.*", [[1, 2]]),
        ("$.detail-type", EVENT["detail-type"]),
        ("$.resources[0]", EVENT["resources"][0]),  # type: ignore[index]
        ("$.resources[7]", None),
    ],
)
def test_paths(path: str, value: Any) -> None:
    assert is_path(path)
    assert at_path(path, EVENT) == value


@pytest.mark.parametrize("text", ["$['a']", "$..a", "$.a b", "detail", "$.a["])
def test_no_paths(text: str) -> None:
    assert not is_path(text)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)


@given(values, values)
def test_values_outside_quotes_come_out_as_they_went_in(one: Any, other: Any) -> None:
    result = filled('{"a": <one>, "b": [<other>, "x"]}', {"one": one, "other": other})
    assert json.loads(result) == {"a": one, "b": [other, "x"]}
