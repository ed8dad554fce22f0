"""``AWS::ElasticLoadBalancingV2::*``: a stack's load balancer answers by its rules."""

from __future__ import annotations

import pytest
from engine_fixtures import Engine, error_of
from load_balancers import ECHO, ask, fixed, path
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.registry import find
from lambda_nb.engine.stacks.types.resource_type import ResourceType


def kind(name: str) -> ResourceType:
    """The class of a type."""
    found = find(f"AWS::ElasticLoadBalancingV2::{name}")
    assert found is not None
    return found


def subnets(engine: Engine) -> list[str]:
    """Two subnets of the default VPC."""
    found = engine.client("ec2").describe_subnets()["Subnets"]
    return [subnet["SubnetId"] for subnet in found[:2]]


def test_a_load_balancer_passes_requests_to_functions(engine: Engine) -> None:
    lab = Lab(engine, {"team": "web"})
    elb = engine.client("elbv2")
    functions = [engine.create(ECHO) for _ in range(2)]
    for function in functions:
        engine.client().add_permission(
            FunctionName=function,
            StatementId="s",
            Action="lambda:InvokeFunction",
            Principal="elasticloadbalancing.amazonaws.com",
        )
    arns = [
        f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}" for name in functions
    ]
    balancer = lab.create(
        kind("LoadBalancer"),
        {
            "Subnets": subnets(engine),
            "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": 77}],
        },
        "Balancer",
    )
    name = balancer.attribute("LoadBalancerName")
    assert balancer.ref.endswith(balancer.attribute("LoadBalancerFullName"))
    assert balancer.attribute("LoadBalancerFullName").startswith(f"app/{name}/")
    group = lab.create(
        kind("TargetGroup"),
        {
            "TargetType": "lambda",
            "Targets": [{"Id": arns[0]}],
            "TargetGroupAttributes": [{"Key": "lambda.multi_value_headers.enabled", "Value": True}],
        },
        "Group",
    )
    listener = lab.create(
        kind("Listener"),
        {
            "LoadBalancerArn": balancer.ref,
            "Port": "80",
            "Protocol": "HTTP",
            "DefaultActions": [fixed(404, "nothing here")],
        },
        "Listener",
    )
    rule = lab.create(
        kind("ListenerRule"),
        {
            "ListenerArn": listener.ref,
            "Priority": "5",
            "Conditions": [path("/f/*")],
            "Actions": [{"Type": "forward", "TargetGroupArn": group.ref}],
        },
        "Rule",
    )

    def get(target: str) -> bytes:
        return ask(engine, f"/elb/{name}{target}").body

    assert get("/") == b"nothing here"
    got = ask(engine, f"/elb/{name}/f/x")
    assert (got.header("x-function"), "multiValueHeaders" in got.event) == (functions[0], True)

    group = lab.update(group, {"TargetType": "lambda", "Targets": [{"Id": arns[1]}]})
    assert ask(engine, f"/elb/{name}/f/x").header("x-function") == functions[1]
    rule = lab.update(rule, {**rule.properties, "Conditions": [path("/g/*")], "Priority": 9})
    assert get("/f/x") == b"nothing here"
    (shown,) = elb.describe_rules(RuleArns=[rule.ref])["Rules"]
    assert shown["Priority"] == "9"
    listener = lab.update(
        listener, {**listener.properties, "DefaultActions": [fixed(200, "changed")]}
    )
    assert get("/") == b"changed"
    balancer = lab.update(
        balancer, {"Subnets": subnets(engine), "Tags": [{"Key": "k", "Value": "v"}]}
    )
    (told,) = elb.describe_tags(ResourceArns=[balancer.ref])["TagDescriptions"]
    found = {tag["Key"]: tag["Value"] for tag in told["Tags"]}
    assert (found["k"], found["team"]) == ("v", "web")
    assert found["aws:cloudformation:stack-name"] == lab.stack_name
    for one in (rule, listener, group, balancer):
        lab.delete(one)
    assert ask(engine, f"/elb/{name}/").status == 404


def test_a_listener_has_further_certificates(engine: Engine) -> None:
    lab, elb = Lab(engine), engine.client("elbv2")
    acm = engine.client("acm")
    first, second, third = (
        acm.request_certificate(DomainName=f"{name}.example.com")["CertificateArn"]
        for name in "abc"
    )
    balancer = lab.create(kind("LoadBalancer"), {"Subnets": subnets(engine)}, "Balancer")
    listener = lab.create(
        kind("Listener"),
        {
            "LoadBalancerArn": balancer.ref,
            "Port": 443,
            "Protocol": "HTTPS",
            "Certificates": [{"CertificateArn": first}],
            "DefaultActions": [fixed(404)],
        },
        "Listener",
    )
    told = {"ListenerArn": listener.ref, "Certificates": [{"CertificateArn": second}]}
    more = lab.create(kind("ListenerCertificate"), told, "More")
    more = lab.update(more, {**told, "Certificates": [{"CertificateArn": third}]})
    found = elb.describe_listener_certificates(ListenerArn=listener.ref)["Certificates"]
    assert second not in [one["CertificateArn"] for one in found]
    assert third in [one["CertificateArn"] for one in found]
    for one in (more, listener, balancer):
        lab.delete(one)
    found_error = error_of(lambda: elb.describe_load_balancers(LoadBalancerArns=[balancer.ref]))
    assert found_error[0] == "LoadBalancerNotFound"


def test_what_would_have_no_effect_is_refused(engine: Engine) -> None:
    told = {"Subnets": subnets(engine), "MinimumLoadBalancerCapacity": {"CapacityUnits": 5}}
    with pytest.raises(Refused, match="MinimumLoadBalancerCapacity"):
        Lab(engine).create(kind("LoadBalancer"), told)
