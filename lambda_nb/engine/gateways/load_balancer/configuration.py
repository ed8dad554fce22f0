"""Load balancers as Elastic Load Balancing describes them, compiled once for each change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.api.neighbours.service_changes import Revision, ServiceChanges
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.load_balancer import actions, conditions
from lambda_nb.engine.gateways.load_balancer.actions import Action, Refused
from lambda_nb.engine.gateways.load_balancer.conditions import Asked, Condition
from lambda_nb.engine.gateways.load_balancer.target_groups import Target, TargetGroup
from lambda_nb.engine.machine.call_threads import in_call_thread

log = logging.getLogger(__name__)

Client = Callable[[str], Awaitable[Any]]

_MOST_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with the requests that meet every condition."""

    conditions: Sequence[Condition]
    action: Action


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener; ``rules`` by priority, the default one last. ``protocol`` is in lower case."""

    port: int
    protocol: str
    rules: Sequence[Rule]

    def action(self, asked: Asked) -> Action:
        """The action of the first rule that a request meets."""
        for rule in self.rules:
            if all(holds(asked) for holds in rule.conditions):
                return rule.action
        return Refused("the listener has no default action")


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer; ``forwarded_for`` is ``append``, ``preserve`` or ``remove``."""

    name: str
    listeners: Sequence[Listener]
    forwarded_for: str = "append"
    idle_timeout_s: float = 60.0

    def listener(self, port: int | None) -> Listener | None:
        """The listener for a request that names a port, or none.

        It is the listener of that port. If there is none, it is the first for HTTP, that of port
        80 before others; if there is none for HTTP, the first for HTTPS, that of port 443 before
        others. For the engine has one port and a load balancer several.
        """
        for listener in self.listeners:
            if listener.port == port:
                return listener
        return min(self.listeners, key=_rank, default=None)


def _rank(listener: Listener) -> tuple[bool, bool]:
    return listener.protocol != "http", listener.port not in (80, 443)


class Configuration:
    """The load balancers of one Region, each read when a request first needs it.

    Parameters
    ----------
    client
        Makes the client of a service.
    changes
        Says when to read again.
    region
        The Region.
    """

    def __init__(self, client: Client, changes: ServiceChanges, region: str) -> None:
        self._client = client
        self._changes = changes
        self._region = region
        self._reading = asyncio.Lock()
        self._revision: Revision | None = None
        self._read: dict[str, LoadBalancer | None] = {}

    async def of(self, name: str) -> LoadBalancer | None:
        """The load balancer of a name, in lower or upper case.

        Raises
        ------
        AWSError
            ``ServiceUnavailable`` (503) if Elastic Load Balancing does not answer.
        """
        if self._revision == self._changes.revision(self._region) and name in self._read:
            return self._read[name]
        async with self._reading:
            revision = self._changes.revision(self._region)
            if self._revision != revision or len(self._read) >= _MOST_REMEMBERED:
                self._read.clear()
                self._revision = revision
            if name not in self._read:
                client = await self._client("elbv2")
                self._read[name] = await in_call_thread(_asked, _load_balancer, client, name)
            return self._read[name]

    async def target_groups(self) -> list[dict[str, Any]]:
        """The target groups for functions with health checks, as DescribeTargetGroups shows them.

        ``Function`` is the ARN of the target and ``MultiValue`` the setting of headers.

        Raises
        ------
        AWSError
            As :meth:`of` does.
        """
        if not self._changes.used(self._region):  # the service takes a second to load
            return []
        client = await self._client("elbv2")
        found: list[dict[str, Any]] = await in_call_thread(_asked, _checked, client)
        return found


def _asked(read: Callable[..., Any], *arguments: Any) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return read(*arguments)
    except (BotoCoreError, ClientError) as error:
        text = f"Elastic Load Balancing does not answer: {error}"
        raise AWSError("ServiceUnavailable", text, 503) from error


def _load_balancer(client: Any, name: str) -> LoadBalancer | None:
    found = next(
        (
            one
            for one in _all(client, "describe_load_balancers")
            if one["LoadBalancerName"].lower() == name.lower() and one["Type"] == "application"
        ),
        None,
    )
    if found is None:
        return None
    arn = found["LoadBalancerArn"]
    told = client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    attributes = {one["Key"]: one["Value"] for one in told}
    if attributes.get("access_logs.s3.enabled") == "true":
        log.warning("load balancer %s: lambda_nb writes no access logs of load balancers", name)
    listeners = [
        (listener, _all(client, "describe_rules", ListenerArn=listener["ListenerArn"]))
        for listener in _all(client, "describe_listeners", LoadBalancerArn=arn)
    ]
    groups = _groups(client, {arn for _, rules in listeners for arn in _named(rules)})
    return LoadBalancer(
        found["LoadBalancerName"],
        [
            Listener(listener["Port"], listener["Protocol"].lower(), _rules(rules, groups))
            for listener, rules in listeners
        ],
        attributes.get("routing.http.xff_header_processing.mode", "append"),
        float(attributes.get("idle_timeout.timeout_seconds", 60)),
    )


def _all(client: Any, operation: str, **asked: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator(operation).paginate(**asked)
    return list(pages.build_full_result()[pages.result_keys[0].expression])


def _named(rules: Sequence[dict[str, Any]]) -> set[str]:
    """The ARNs of the target groups that rules forward to."""
    named: set[str] = set()
    for rule in rules:
        for action in rule["Actions"]:
            if "TargetGroupArn" in action:
                named.add(action["TargetGroupArn"])
            for group in (action.get("ForwardConfig") or {}).get("TargetGroups", []):
                named.add(group["TargetGroupArn"])
    return named


def _groups(client: Any, arns: set[str]) -> dict[str, TargetGroup]:
    if not arns:
        return {}
    described = _all(client, "describe_target_groups")
    return {
        group["TargetGroupArn"]: _group(client, group)
        for group in described
        if group["TargetGroupArn"] in arns
    }


def _group(client: Any, described: dict[str, Any]) -> TargetGroup:
    arn = described["TargetGroupArn"]
    attributes = _attributes(client, arn)
    health = client.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    kind = described.get("TargetType", "instance")
    targets = [
        Target(one["Target"]["Id"], None if kind == "lambda" else one["Target"].get("Port"))
        for one in health
    ]
    sticky = attributes.get("stickiness.enabled") == "true" and kind != "lambda"
    if sticky and attributes.get("stickiness.type") != "lb_cookie":
        log.warning("%s: clients stay with a target by the load balancer's cookie only", arn)
        sticky = False
    return TargetGroup(
        arn,
        kind,
        described.get("Protocol", "HTTP"),
        targets,
        attributes.get("lambda.multi_value_headers.enabled") == "true",
        int(attributes.get("stickiness.lb_cookie.duration_seconds", 86400)) if sticky else 0,
    )


def _attributes(client: Any, arn: str) -> dict[str, str]:
    told = client.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {one["Key"]: one["Value"] for one in told}


def _rules(described: Sequence[dict[str, Any]], groups: dict[str, TargetGroup]) -> list[Rule]:
    last = float("inf")

    def priority(rule: dict[str, Any]) -> float:
        return last if rule["IsDefault"] else int(rule["Priority"])

    rules = []
    for rule in sorted(described, key=priority):
        try:
            tests = [conditions.compiled(one) for one in rule.get("Conditions", [])]
        except conditions.UnknownCondition as error:
            log.warning("the rule %s is left out: %s", rule["RuleArn"], error)
            continue
        rules.append(Rule(tests, actions.compiled(rule["Actions"], groups)))
    return rules


def _checked(client: Any) -> list[dict[str, Any]]:
    checked = []
    for group in _all(client, "describe_target_groups"):
        if group.get("TargetType") != "lambda" or not group.get("HealthCheckEnabled"):
            continue
        arn = group["TargetGroupArn"]
        health = client.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        if not health or not group.get("LoadBalancerArns"):
            continue
        many = _attributes(client, arn).get("lambda.multi_value_headers.enabled") == "true"
        checked.append({**group, "Function": health[0]["Target"]["Id"], "MultiValue": many})
    return checked
