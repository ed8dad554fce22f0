"""What policies let in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambda_nb.engine.gateways.shared.invoke_policies import Decision, Policy, PolicyError

ARN = "arn:aws:execute-api:us-east-1:000000000000:a1/prod/GET/pets/7"


def statement(effect: str = "Allow", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource, **more}


def decided(*statements: dict[str, Any], **asked: Any) -> Decision:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    policy, again = Policy(document), Policy(json.dumps(document))
    assert policy.decides(ARN, **asked) == again.decides(ARN, **asked)
    return policy.decides(ARN, **asked)


@pytest.mark.parametrize(
    ("resource", "decision"),
    [
        ("*", "allow"),
        (ARN, "allow"),
        ("arn:aws:execute-api:*:*:a1/*/GET/*", "allow"),
        ("arn:aws:execute-api:us-east-1:000000000000:a1/prod/GET/pets/?", "allow"),
        ("arn:aws:execute-api:us-east-1:000000000000:a1/prod/POST/*", "implicit deny"),
        ("arn:aws:execute-api:us-east-1:000000000000:a1/prod/GET/pets", "implicit deny"),
        (["nothing", "arn:aws:execute-api:*"], "allow"),
        ("execute-api:/*", "allow"),
        ("execute-api:/prod/GET/*", "allow"),
        ("execute-api:/dev/*", "implicit deny"),
        ([], "implicit deny"),
    ],
)
def test_resources(resource: Any, decision: str) -> None:
    assert decided(statement(resource=resource)) == decision


def test_an_explicit_deny_wins() -> None:
    assert decided(statement(), statement("Deny", "*/pets/*")) == "explicit deny"
    assert decided(statement("Deny", "*/pets/*"), statement()) == "explicit deny"
    assert decided(statement(), statement("Deny", "*/cats/*")) == "allow"
    assert decided() == "implicit deny"


@pytest.mark.parametrize(
    ("action", "decision"),
    [
        ("execute-api:Invoke", "allow"),
        ("execute-api:invoke", "allow"),
        ("execute-api:*", "allow"),
        ("*", "allow"),
        (["s3:GetObject", "execute-api:Inv*"], "allow"),
        ("execute-api:ManageConnections", "implicit deny"),
        ("s3:*", "implicit deny"),
    ],
)
def test_actions(action: Any, decision: str) -> None:
    assert decided(statement(Action=action)) == decision


def test_what_is_not_named() -> None:
    others = {"Effect": "Allow", "NotAction": "s3:*", "NotResource": "*/prod/POST/*"}
    assert decided(others) == "allow"
    assert decided({**others, "NotAction": "execute-api:*"}) == "implicit deny"
    assert decided({**others, "NotResource": "*/prod/GET/*"}) == "implicit deny"


@pytest.mark.parametrize(
    ("principal", "caller", "decision"),
    [
        ("*", "*", "allow"),
        ({"AWS": "*"}, "*", "allow"),
        ({"AWS": "000000000000"}, "arn:aws:iam::000000000000:user/ada", "allow"),
        ({"AWS": "arn:aws:iam::000000000000:root"}, "arn:aws:iam::000000000000:user/a", "allow"),
        ({"AWS": ["x", "arn:aws:iam::0:user/ada"]}, "arn:aws:iam::0:user/ada", "allow"),
        ({"AWS": "arn:aws:iam::1:role/r"}, "arn:aws:sts::1:assumed-role/r/session", "allow"),
        ({"AWS": "arn:aws:iam::1:role/r"}, "arn:aws:sts::1:assumed-role/other/r", "implicit deny"),
        ({"AWS": "111111111111"}, "arn:aws:iam::000000000000:user/ada", "implicit deny"),
        ({"AWS": "000000000000"}, "*", "implicit deny"),
        ({"Service": "lambda.amazonaws.com"}, "*", "implicit deny"),
    ],
)
def test_principals(principal: Any, caller: str, decision: str) -> None:
    assert decided(statement(Principal=principal), principal=caller) == decision


def test_everybody_but_one() -> None:
    but = statement("Deny", NotPrincipal={"AWS": "arn:aws:iam::0:user/ada"})
    assert decided(statement(), but, principal="arn:aws:iam::0:user/ada") == "allow"
    assert decided(statement(), but, principal="*") == "explicit deny"


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "given", "holds"),
    [
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", "10.9.8.7", True),
        ("IpAddress", "aws:SourceIp", ["1.2.3.4", "10.0.0.0/8"], "1.2.3.4", True),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", "11.0.0.1", False),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32", "2001:db8::1", True),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", "2001:db8::1", False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", "nonsense", False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", None, False),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", "11.0.0.1", True),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", "10.0.0.1", False),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", None, True),
        ("StringEquals", "aws:SourceVpce", "vpce-1", "vpce-1", True),
        ("StringEquals", "AWS:sourcevpce", "vpce-1", "VPCE-1", False),
        ("StringEqualsIgnoreCase", "aws:SourceVpce", "vpce-1", "VPCE-1", True),
        ("StringNotEquals", "aws:SourceVpce", "vpce-1", "vpce-2", True),
        ("StringNotEquals", "aws:SourceVpce", "vpce-1", None, True),
        ("StringEqualsIfExists", "aws:SourceVpce", "vpce-1", None, True),
        ("StringEqualsIfExists", "aws:SourceVpce", "vpce-1", "vpce-2", False),
        ("StringLike", "aws:UserAgent", "curl/*", "curl/8.1", True),
        ("StringNotLike", "aws:UserAgent", "curl/*", "curl/8.1", False),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/r*", "arn:aws:iam::0:role/rr", True),
        ("Bool", "aws:SecureTransport", "false", "false", True),
        ("Bool", "aws:SecureTransport", True, "false", False),
        ("NumericLessThan", "n:n", 5, "4", True),
        ("NumericGreaterThanEquals", "n:n", "5", "4", False),
        ("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
        ("DateGreaterThan", "aws:EpochTime", "1", "1767225600", True),
        ("Null", "aws:SourceVpce", "true", None, True),
        ("Null", "aws:SourceVpce", "true", "vpce-1", False),
        ("Null", "aws:SourceVpce", ["true"], None, True),
        ("Null", "aws:SourceVpce", ["true"], "vpce-1", False),
        ("Null", "aws:SourceVpce", False, "vpce-1", True),
        ("ForAnyValue:StringEquals", "k:k", ["a", "b"], ["c", "b"], True),
        ("ForAllValues:StringEquals", "k:k", ["a", "b"], ["c", "b"], False),
        ("ForAllValues:StringEquals", "k:k", ["a", "b"], None, True),
        ("ForAnyValue:StringEquals", "k:k", ["a", "b"], None, False),
        ("ForAnyValue:StringNotEquals", "k:k", ["a", "b"], None, False),
        ("ForAnyValue:StringEqualsIfExists", "k:k", ["a", "b"], None, True),
    ],
)
def test_conditions(operator: str, key: str, wanted: Any, given: Any, holds: bool) -> None:
    told = {} if given is None else {key.lower(): given}
    asked = statement(Condition={operator: {key: wanted}})
    assert decided(asked, told=told) == ("allow" if holds else "implicit deny")


def test_all_conditions_must_hold() -> None:
    condition = {
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
        "StringEquals": {"aws:SourceVpce": "vpce-1", "aws:SourceVpc": "vpc-1"},
    }
    told = {"aws:sourceip": "10.0.0.1", "aws:sourcevpce": "vpce-1", "aws:sourcevpc": "vpc-1"}
    assert decided(statement(Condition=condition), told=told) == "allow"
    for key in sorted(told):
        less = {name: value for name, value in told.items() if name != key}
        assert decided(statement(Condition=condition), told=less) == "implicit deny"


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        "{}",
        '{"Statement": 1}',
        '{"Statement": ["x"]}',
        '{"Statement": {"Effect": "Perhaps"}}',
        '{"Statement": {"Effect": "Allow", "Action": 1, "Resource": "*"}}',
        '{"Statement": {"Effect": "Deny", "Action": "*"}}',
        '{"Statement": {"Effect": "Deny", "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": {}}}',
        '{"Statement": {"Effect": "Allow", "Condition": {"Sounds": {}}}}',
        '{"Statement": {"Effect": "Allow", "Condition": {"IpAddress": {"aws:SourceIp": "x"}}}}',
        '{"Statement": {"Effect": "Allow", "Condition": []}}',
        '{"Statement": {"Effect": "Allow", "Condition": {"Null": {"aws:SourceVpce": "?"}}}}',
        "[" * 100_000,
        '{"Statement": {"Effect": "Allow", "Condition": {"StringEquals": "x"}}}',
    ],
)
def test_what_is_no_policy(document: str) -> None:
    with pytest.raises(PolicyError):
        Policy(document)


@pytest.mark.parametrize("document", ["{}", '{"Statement": 1}'])
def test_a_policy_of_a_resource_is_one_as_well(document: str) -> None:
    with pytest.raises(PolicyError):
        Policy(document, names_callers=True)


def test_a_policy_of_a_resource_names_callers() -> None:
    nobody = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    assert Policy(nobody, "s3:GetObject").decides("arn:aws:s3:::b/k") == "allow"
    with pytest.raises(PolicyError, match="Principal"):
        Policy(nobody, "s3:GetObject", names_callers=True)
    everybody = {"Statement": [{**nobody["Statement"][0], "Principal": "*"}]}
    policy = Policy(everybody, "s3:GetObject", names_callers=True)
    assert policy.decides("arn:aws:s3:::b/k") == "allow"
