"""Policies of IoT: wildcards, variables, conditions, and that denials win."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.iot.admission.policies import (
    MalformedPolicy,
    Policies,
    Verdict,
    statements_of,
)

PREFIX = "arn:aws:iot:eu-west-1:111122223333:"
TOLD = {
    "iot:ClientId": "sensor-1",
    "iot:Connection.Thing.ThingName": "sensor-1",
    "iot:Connection.Thing.ThingTypeName": "thermometer",
    "iot:Connection.Thing.Attributes[room]": "kitchen",
    "iot:Connection.Thing.IsAttached": "true",
    "aws:SourceIp": "10.1.2.3",
}


def statement(action: Any, resource: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def policies(*statements: dict[str, Any], told: dict[str, str] = TOLD) -> Policies:
    return Policies([{"Version": "2012-10-17", "Statement": list(statements)}], told)


def publishes(resource: str, topic: str, **more: Any) -> bool:
    one = policies(statement("iot:Publish", f"{PREFIX}topic/{resource}", **more))
    return one.allows("iot:Publish", f"{PREFIX}topic/{topic}")


@pytest.mark.parametrize(
    ("resource", "topic", "allowed"),
    [
        ("*", "a/b/c", True),
        ("a/${iot:ClientId}", "a/sensor-1", True),
        ("a/${iot:ClientId}", "a/sensor-2", False),
        ("a/${iot:Connection.Thing.Attributes[room]}/t", "a/kitchen/t", True),
        ("a/${iot:Connection.Thing.Attributes[size]}/t", "a//t", False),
        ("a/${iot:Connection.Thing.ThingTypeName}", "a/thermometer", True),
        ("a/${*}", "a/*", True),
        ("a/${*}", "a/b", False),
        ("a/${$}{x}", "a/${x}", True),
        ("a/*/c", "a/b/d/c", True),
        ("a/+/c", "a/b/c", False),
        ("a/+/c", "a/+/c", True),
        ("a/?", "a/bc", False),
        ("a/?", "a/b", True),
        ("a/#", "a/b", False),
        ("a/b", "A/b", False),
    ],
)
def test_a_resource_matches_as_the_guide_says(resource: str, topic: str, allowed: bool) -> None:
    assert publishes(resource, topic) is allowed


def test_wildcards_in_the_value_of_a_variable_are_no_wildcards() -> None:
    one = policies(
        statement("iot:Publish", f"{PREFIX}topic/${{iot:ClientId}}/x"), told={"iot:ClientId": "*"}
    )
    assert one.allows("iot:Publish", f"{PREFIX}topic/*/x")
    assert not one.allows("iot:Publish", f"{PREFIX}topic/another/x")


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        ("*", True),
        ("iot:*", True),
        ("iot:P*", True),
        ("iot:Publis?", True),
        ("iot:Subscribe", False),
        ("iot:publish", True),
    ],
)
def test_actions_have_wildcards(action: str, allowed: bool) -> None:
    one = policies(statement([action, "iot:Connect"], "*"))
    assert one.allows("iot:Publish", f"{PREFIX}topic/a") is allowed


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"Bool": {"iot:Connection.Thing.IsAttached": ["true"]}}, True),
        ({"Bool": {"iot:Connection.Thing.IsAttached": "false"}}, False),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["11.0.0.0/8"]}}, False),
        ({"StringEquals": {"iot:Connection.Thing.Attributes[room]": "kitchen"}}, True),
        ({"StringEquals": {"iot:Connection.Thing.Attributes[size]": "big"}}, False),
        ({"StringEquals": {"iot:ClientId": "${iot:Connection.Thing.ThingName}"}}, True),
        ({"StringEquals": {"iot:ClientId": "${iot:DomainName}"}}, False),
        ({"NoSuchOperator": {"iot:ClientId": "sensor-1"}}, False),
    ],
)
def test_conditions_ask_about_the_connection(condition: Any, allowed: bool) -> None:
    assert publishes("a", "a", Condition=condition) is allowed


def test_a_denial_wins_wherever_it_stands() -> None:
    denial = statement("iot:Publish", f"{PREFIX}topic/a/secret", "Deny")
    permission = statement("iot:*", "*")
    for order in ([denial, permission], [permission, denial]):
        one = policies(*order)
        assert one.allows("iot:Publish", f"{PREFIX}topic/a/open")
        assert not one.allows("iot:Publish", f"{PREFIX}topic/a/secret")


def test_not_action_and_not_resource_turn_it_round() -> None:
    one = policies(
        {"Effect": "Allow", "NotAction": "iot:Publish", "NotResource": f"{PREFIX}topic/a"}
    )
    assert one.allows("iot:Receive", f"{PREFIX}topic/b")
    assert not one.allows("iot:Receive", f"{PREFIX}topic/a")
    assert not one.allows("iot:Publish", f"{PREFIX}topic/b")


def test_a_verdict_names_the_documents() -> None:
    allow = {"Statement": statement("iot:*", "*")}
    deny = {"Statement": statement("iot:Publish", "*", "Deny")}
    one = Policies([allow, deny, allow], {})
    assert one.verdict("iot:Publish", "x") == Verdict(False, (0, 2), (1,))
    assert one.verdict("iot:Connect", "x") == Verdict(True, (0, 2), ())


@pytest.mark.parametrize(
    "document",
    [
        "[]",
        "no JSON",
        '{"Statement": []}',
        '{"Statement": {"Effect": "Allow", "Action": "iot:*"}}',
        '{"Statement": {"Effect": "Allow", "Action": 1, "Resource": "*"}}',
        '{"Statement": {"Effect": "Perhaps", "Action": "iot:*", "Resource": "*"}}',
        '{"Version": "2012-10-17"}',
    ],
)
def test_what_is_no_policy_is_refused(document: str) -> None:
    with pytest.raises(MalformedPolicy):
        statements_of(document)


TEXT = st.text("ab/+#*?$", max_size=12)


def by_hand(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern, letter by letter."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(by_hand(pattern[1:], text[end:]) for end in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and by_hand(pattern[1:], text[1:])


@given(TEXT, TEXT)
def test_a_pattern_matches_what_it_matches_letter_by_letter(pattern: str, topic: str) -> None:
    assert publishes(pattern, topic) is by_hand(pattern, topic)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_variable_stands_for_its_value_and_nothing_else(value: str, other: str) -> None:
    one = policies(
        statement("iot:Connect", f"{PREFIX}client/${{iot:ClientId}}"), told={"iot:ClientId": value}
    )
    assert one.allows("iot:Connect", f"{PREFIX}client/{value}")
    assert one.allows("iot:Connect", f"{PREFIX}client/{other}") is (other == value)


ACTIONS = st.sampled_from(["iot:Connect", "iot:Publish", "iot:*", "*"])
STATEMENTS = st.lists(
    st.builds(
        statement,
        ACTIONS,
        TEXT.map(lambda text: f"{PREFIX}topic/{text}"),
        st.sampled_from(["Allow", "Deny"]),
    ),
    max_size=5,
    min_size=1,
)


@given(STATEMENTS, TEXT)
def test_a_decision_is_the_sum_of_its_statements(
    statements: list[dict[str, Any]], topic: str
) -> None:
    resource = f"{PREFIX}topic/{topic}"
    applying = [
        one["Effect"]
        for one in statements
        if re.fullmatch(one["Action"].replace("*", ".*"), "iot:Publish")
        and by_hand(one["Resource"], resource)
    ]
    expected = "Allow" in applying and "Deny" not in applying
    one = policies(*statements)
    assert one.allows("iot:Publish", resource) is expected
    assert one.allows("iot:Publish", resource) is expected  # remembered


UNKNOWN = "${iot:Connection.Thing.Attributes[floor]}"


@pytest.mark.parametrize(
    "permission",
    [
        {"Resource": f"{PREFIX}topic/{UNKNOWN}/*"},
        {"NotResource": f"{PREFIX}topic/{UNKNOWN}/*"},
        {"NotResource": [f"{PREFIX}topic/a", f"{PREFIX}topic/{UNKNOWN}"]},
        {"Resource": "*", "Condition": {"StringEquals": {"iot:ClientId": UNKNOWN}}},
        {"Resource": "*", "Condition": {"StringNotEquals": {"iot:ClientId": UNKNOWN}}},
        {"Resource": "*", "Condition": {"StringNotLike": {"iot:ClientId": ["x", UNKNOWN]}}},
    ],
)
def test_a_permission_with_an_unknown_variable_permits_nothing(permission: dict[str, Any]) -> None:
    one = policies({"Effect": "Allow", "Action": "iot:Publish", **permission})
    assert not one.allows("iot:Publish", f"{PREFIX}topic/secret")


def test_a_client_that_names_itself_with_wildcards_is_like_nobody() -> None:
    wanted = {"StringLike": {"iot:Connection.Thing.ThingName": "${iot:ClientId}"}}
    for client_id, expected in (("sensor-1", True), ("*", False), ("sensor-?", False)):
        told = {**TOLD, "iot:ClientId": client_id}
        one = policies(statement("iot:Publish", "*", Condition=wanted), told=told)
        assert one.allows("iot:Publish", f"{PREFIX}topic/x") is expected
    wanted = {"StringLike": {"iot:Connection.Thing.ThingName": "sensor-${*}"}}
    one = policies(statement("iot:Publish", "*", Condition=wanted))
    assert one.allows("iot:Publish", f"{PREFIX}topic/x")
