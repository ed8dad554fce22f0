"""When a target becomes healthy or unhealthy, and the checks themselves."""

from __future__ import annotations

import json

import pytest
from engine_fixtures import Ear, Engine
from load_balancers import Balancer, forward, path

from lambda_nb.engine.gateways.load_balancer.health_checks import Health, matches

CHECKED = """
def handler(event, context):
    say(__import__("json").dumps(event))
    return {"statusCode": 200}
"""


@pytest.mark.parametrize(
    ("checks", "turns"),
    [
        ("+++", []),
        ("-", []),
        ("--", [1]),
        ("+-+-+--", [6]),
        ("+--++", [2]),
        ("+--+++", [2, 5]),
        ("-+--+++-", [3, 6]),
    ],
)
def test_so_many_checks_in_a_row_turn_a_target(checks: str, turns: list[int]) -> None:
    health = Health(healthy=3, unhealthy=2)
    turned = [n for n, check in enumerate(checks) if health.turned(passed=check == "+")]
    assert turned == turns


@pytest.mark.parametrize(
    ("codes", "status", "met"),
    [("200", 200, True), ("200,302", 302, True), ("200-299", 204, True), ("200-299", 301, False)],
)
def test_codes_are_lists_and_ranges(codes: str, status: int, met: bool) -> None:
    assert matches(codes, status) is met


def test_a_function_is_checked_once_its_group_asks_for_it(engine: Engine, ear: Ear) -> None:
    function = engine.create(ear.say + CHECKED)
    balancer = Balancer(engine)
    group = balancer.group(function)
    balancer.rule(path("/x"), forward(group))
    shown = balancer.elb.describe_target_health(TargetGroupArn=group)
    assert shown["TargetHealthDescriptions"][0]["TargetHealth"] == {
        "State": "unavailable",
        "Reason": "Target.HealthCheckDisabled",
        "Description": "Health checks are not enabled for this target",
    }
    balancer.elb.modify_target_group(
        TargetGroupArn=group, HealthCheckEnabled=True, HealthCheckPath="/up"
    )
    ear.wait(lambda heard: bool(heard))
    event = json.loads(ear.heard[0])
    assert (event["path"], event["headers"]) == ("/up", {"user-agent": "ELB-HealthChecker/2.0"})
    balancer.elb.modify_target_group(TargetGroupArn=group, HealthCheckEnabled=False)
