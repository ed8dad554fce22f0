"""Load balancers of an engine for tests, and requests to them."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from engine_fixtures import Engine

ECHO = """
import json

def handler(event, context):
    if event["path"] == "/boom":
        raise RuntimeError("boom")
    if event["path"] == "/as-told":
        return json.loads(event["body"])
    if event["path"] == "/much":
        return {"statusCode": 200, "body": "x" * (1 << 20)}
    names = ("content-type", "x-function", "set-cookie")
    values = ("application/json", context.function_name, "a=1")
    return {
        "statusCode": 200,
        "statusDescription": "200 OK",
        "isBase64Encoded": False,
        "headers": dict(zip(names, values)),
        "multiValueHeaders": {name: [value, "b=2"] if name == "set-cookie" else [value]
                              for name, value in zip(names, values)},
        "body": json.dumps(event),
    }
"""
"""Answers with the event, except at a few paths."""


@dataclass
class Answer:
    """A response: ``headers`` in their order, names in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of a name."""
        return next((value for given, value in self.headers if given == name), None)

    @property
    def event(self) -> dict[str, Any]:
        """The body as JSON."""
        event: dict[str, Any] = json.loads(self.body)
        return event


def ask(
    engine: Engine,
    target: str,
    *headers: tuple[str, str],
    method: str = "GET",
    body: bytes = b"",
    host: str | None = None,
) -> Answer:
    """Make one request, with exactly these headers in this order.

    Parameters
    ----------
    target
        Path and query, sent as they are.
    host
        The Host header; the engine's own address by default.
    """
    at = urlsplit(engine.url)
    assert at.hostname is not None
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host or at.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    with socket.create_connection((at.hostname, at.port or 80), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    head, _, content = received.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    split = (line.partition(": ") for line in rest)
    told = [(name.lower(), value) for name, _, value in split]
    return Answer(int(first.split()[1]), told, content)


class Balancer:
    """A load balancer with a listener on port 80, whose default answer is a 404.

    Parameters
    ----------
    engine
        Where it is.
    name
        Its name; one of its own by default.
    """

    def __init__(self, engine: Engine, name: str | None = None) -> None:
        self.engine = engine
        self.elb = engine.client("elbv2")
        self.name = name or engine.name("lb")
        subnets = engine.client("ec2").describe_subnets()["Subnets"]
        self.vpc = subnets[0]["VpcId"]
        made = self.elb.create_load_balancer(
            Name=self.name, Subnets=[subnet["SubnetId"] for subnet in subnets[:2]]
        )["LoadBalancers"][0]
        self.arn = made["LoadBalancerArn"]
        self.dns_name = made["DNSName"]
        self.listener = self.listen(80)
        self._priority = 0

    def listen(self, port: int, *actions: dict[str, Any], protocol: str = "HTTP") -> str:
        """Create a listener; its ARN."""
        listener: str = self.elb.create_listener(
            LoadBalancerArn=self.arn,
            Protocol=protocol,
            Port=port,
            DefaultActions=list(actions) or [fixed(404, "no rule")],
        )["Listeners"][0]["ListenerArn"]
        return listener

    def group(self, function: str | None = None, *, permit: bool = True, **settings: Any) -> str:
        """Create a target group for a function and register it; the group's ARN."""
        group: str = self.elb.create_target_group(
            Name=self.engine.name("tg"), TargetType="lambda", **settings
        )["TargetGroups"][0]["TargetGroupArn"]
        if function is not None:
            if permit:
                self.permit(function, group)
            self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": self.arn_of(function)}])
        return group

    def permit(self, function: str, group: str) -> None:
        """Let the load balancer invoke a function for a target group."""
        self.engine.client().add_permission(
            FunctionName=function,
            StatementId=group.rpartition("/")[2],
            Action="lambda:InvokeFunction",
            Principal="elasticloadbalancing.amazonaws.com",
            SourceArn=group,
        )

    def arn_of(self, function: str) -> str:
        """The ARN of a function."""
        return f"arn:aws:lambda:{self.engine.region}:{self.engine.account}:function:{function}"

    def many_values(self, group: str) -> None:
        """Let a target group tell every value of a header."""
        self.elb.modify_target_group_attributes(
            TargetGroupArn=group,
            Attributes=[{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}],
        )

    def rule(self, condition: dict[str, Any], *actions: dict[str, Any]) -> str:
        """Create a rule after the others; its ARN."""
        self._priority += 1
        rule: str = self.elb.create_rule(
            ListenerArn=self.listener,
            Priority=self._priority,
            Conditions=[condition],
            Actions=list(actions),
        )["Rules"][0]["RuleArn"]
        return rule

    def ask(self, target: str, *headers: tuple[str, str], **more: Any) -> Answer:
        """Make a request in the path form."""
        return ask(self.engine, f"/elb/{self.name}{target}", *headers, **more)


def fixed(status: int, text: str = "", kind: str = "text/plain") -> dict[str, Any]:
    """The action that answers every request alike."""
    told = {"StatusCode": str(status), "MessageBody": text, "ContentType": kind}
    return {"Type": "fixed-response", "FixedResponseConfig": told}


def forward(*groups: str | tuple[str, int], sticky_s: int = 0) -> dict[str, Any]:
    """The action that passes requests on, to several groups by weight."""
    weighted = [(one, 1) if isinstance(one, str) else one for one in groups]
    told: dict[str, Any] = {
        "TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weighted]
    }
    if sticky_s:
        told["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": sticky_s}
    return {"Type": "forward", "ForwardConfig": told}


def path(*patterns: str) -> dict[str, Any]:
    """The condition on a path."""
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}
