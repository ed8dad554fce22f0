"""Which functions Lambda@Edge replicates."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.rules.edge.triggers.replication import arn_problem, problems, role_problem

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
GOOD: dict[str, Any] = {
    "PackageType": "Zip",
    "Runtime": "nodejs22.x",
    "Timeout": 3,
    "MemorySize": 128,
    "CodeSize": 1000,
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": ""},
}


@pytest.mark.parametrize(
    ("arn", "says"),
    [
        (f"{ARN}:$LATEST", "must reference a specific function version"),
        (f"{ARN}:live", "must reference a specific function version"),
        (ARN, "must reference a specific function version"),
        (f"{ARN.replace('us-east-1', 'eu-west-1')}:1", "must be in region 'us-east-1'"),
        (f"{ARN.replace('000000000000', '111111111111')}:1", "owned by the account"),
        ("f:1", "not that of a version of a Lambda function"),
    ],
)
def test_arns_that_are_refused(arn: str, says: str) -> None:
    problem = arn_problem(arn, "000000000000")
    assert problem is not None
    assert says in problem
    assert problem.endswith(f"ARN: {arn}")


def test_a_numbered_version_is_taken() -> None:
    assert arn_problem(f"{ARN}:17", "000000000000") is None


@pytest.mark.parametrize("event", ["viewer-request", "origin-request"])
@pytest.mark.parametrize("runtime", ["nodejs22.x", "python3.13", "nodejs6.10"])
def test_a_function_that_is_taken(event: str, runtime: str) -> None:
    assert problems({**GOOD, "Runtime": runtime}, event) == []


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"Runtime": "ruby3.4"}, "invalid runtime"),
        ({"Runtime": "provided.al2023"}, "invalid runtime"),
        ({"PackageType": "Image"}, "container image"),
        ({"Environment": {"Variables": {"A": "1"}}}, "cannot have environment variables."),
        ({"Layers": [{"Arn": "l"}]}, "layers"),
        ({"VpcConfig": {"SubnetIds": ["s"], "VpcId": "v"}}, "VPC"),
        ({"FileSystemConfigs": [{"Arn": "a"}]}, "file system"),
        ({"DeadLetterConfig": {"TargetArn": "q"}}, "dead-letter queue"),
        ({"TracingConfig": {"Mode": "Active"}}, "X-Ray"),
        ({"Architectures": ["arm64"]}, "arm64"),
        ({"EphemeralStorage": {"Size": 513}}, "more than 512 MB of ephemeral storage: 513"),
        ({"DurableConfig": {"ExecutionTimeout": 5}}, "durable"),
        ({"CapacityProviderConfig": {"x": 1}}, "capacity provider"),
        ({"Timeout": 31}, "timeout is larger than the maximum allowed"),
        ({"CodeSize": 52_428_801}, "code size is larger"),
    ],
)
@pytest.mark.parametrize("event", ["viewer-response", "origin-response"])
def test_settings_that_are_refused(event: str, setting: dict[str, Any], says: str) -> None:
    found = problems({**GOOD, **setting}, event)
    assert len(found) == 1
    assert says in found[0]


def test_limits_differ_by_event() -> None:
    large = {**GOOD, "MemorySize": 10_240, "Timeout": 30}
    assert problems(large, "origin-request") == []
    assert problems(large, "viewer-request") == [
        "The function memory size is larger than the maximum allowed for functions that are "
        "triggered by a CloudFront event: 10240 Max allowed: 128"
    ]
    small = {**GOOD, "Timeout": 6}
    assert problems(small, "viewer-request", timeout_s=5) == [
        "The function timeout is larger than the maximum allowed for functions that are "
        "triggered by a CloudFront event: 6 Max allowed: 5"
    ]
    assert problems(small, "origin-request", timeout_s=5) == []


BOTH = ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]


@pytest.mark.parametrize(
    ("services", "allowed"), [(BOTH, True), (BOTH[0], False), (BOTH[1:], False), ([], False)]
)
def test_who_assumes_the_role(services: object, allowed: bool) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": services}}
    problem = role_problem("arn:aws:iam::000000000000:role/r", {"Statement": statement})
    assert (problem is None) == allowed
    if problem is not None:
        assert problem.endswith("Role: arn:aws:iam::000000000000:role/r")


def test_statements_add_up_and_denials_do_not_count() -> None:
    one, two = ({"Effect": "Allow", "Principal": {"Service": service}} for service in BOTH)
    assert role_problem("r", {"Statement": [one, two]}) is None
    assert role_problem("r", {"Statement": [one, {**two, "Effect": "Deny"}]}) is not None
    assert role_problem("r", {"Statement": [{"Effect": "Allow", "Principal": "*"}]}) is None
