"""What is changed in moto's Elastic Load Balancing."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from load_balancers import Balancer, fixed, path


@pytest.fixture(scope="module")
def balancer(engine: Engine) -> Balancer:
    """A load balancer."""
    return Balancer(engine)


def test_rules_change_places_or_stay(balancer: Balancer) -> None:
    rules = [balancer.rule(path(f"/{n}"), fixed(200)) for n in range(3)]
    new = zip(rules, (2, 1), strict=False)
    balancer.elb.set_rule_priorities(
        RulePriorities=[{"RuleArn": rule, "Priority": priority} for rule, priority in new]
    )
    with pytest.raises(ClientError, match="PriorityInUse"):
        balancer.elb.set_rule_priorities(RulePriorities=[{"RuleArn": rules[0], "Priority": 3}])
    described = balancer.elb.describe_rules(ListenerArn=balancer.listener)["Rules"]
    priorities = {rule["RuleArn"]: rule["Priority"] for rule in described}
    assert [priorities[rule] for rule in rules] == ["2", "1", "3"]


@pytest.mark.parametrize("regex", ["(", "a" * 129])
def test_a_regular_expression_is_looked_at(balancer: Balancer, regex: str) -> None:
    condition = {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": [regex]}}
    with pytest.raises(ClientError, match=r"regular expression|too long"):
        balancer.rule(condition, fixed(200))


def test_the_codes_of_a_health_check_can_be_changed(balancer: Balancer) -> None:
    group = balancer.group()
    balancer.elb.modify_target_group(TargetGroupArn=group, Matcher={"HttpCode": "200-299"})
    shown = balancer.elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    assert shown["Matcher"] == {"HttpCode": "200-299"}


@pytest.mark.parametrize("kind", ["access_logs", "connection_logs"])
def test_logs_that_nobody_writes_are_refused(balancer: Balancer, kind: str) -> None:
    def change(enabled: str) -> None:
        attributes = [{"Key": f"{kind}.s3.enabled", "Value": enabled}]
        balancer.elb.modify_load_balancer_attributes(
            LoadBalancerArn=balancer.arn, Attributes=attributes
        )

    with pytest.raises(ClientError, match=r"InvalidConfigurationRequest.*writes no access logs"):
        change("true")
    change("false")


def test_cookies_of_applications_are_refused(balancer: Balancer) -> None:
    made = balancer.elb.create_target_group(
        Name=balancer.engine.name("ip"),
        TargetType="ip",
        Protocol="HTTP",
        Port=80,
        VpcId=balancer.vpc,
    )["TargetGroups"][0]

    def stick(kind: str, **more: str) -> None:
        told = {"stickiness.enabled": "true", "stickiness.type": kind, **more}
        attributes = [{"Key": key, "Value": value} for key, value in told.items()]
        balancer.elb.modify_target_group_attributes(
            TargetGroupArn=made["TargetGroupArn"], Attributes=attributes
        )

    with pytest.raises(ClientError, match=r"InvalidConfigurationRequest.*own cookie only"):
        stick("app_cookie", **{"stickiness.app_cookie.cookie_name": "mine"})
    stick("lb_cookie")
