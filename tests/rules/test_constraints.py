"""The service model's constraints, in AWS's words (facts/api.md sections 4 and 5)."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from lambda_nb.rules.settings import constraints

MODEL = ServiceModel(Loader().load_service_model("lambda", "service-2"), "lambda")


def problems(operation: str, **parameters: Any) -> list[str]:
    shape = MODEL.operation_model(operation).input_shape
    return constraints.problems(shape, parameters)


def said(value: str, member: str, rule: str) -> list[str]:
    return [f"Value '{value}' at '{member}' failed to satisfy constraint: {rule}"]


ROLE = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
TAG = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("CreateFunction", {"FunctionName": "f", "Timeout": 3, "Tags": {"Ключ": "né 1"}}, []),
        (
            "CreateFunction",
            {"Role": "r"},
            said("r", "role", f"Member must satisfy regular expression pattern: {ROLE}"),
        ),
        (
            "CreateFunction",
            {"Architectures": ["x86_64", "arm64"]},
            said(
                "[x86_64, arm64]",
                "architectures",
                "Member must have length less than or equal to 1",
            ),
        ),
        (
            "CreateFunction",
            {"Architectures": ["X86_64"]},
            said(
                "[X86_64]",
                "architectures",
                "Member must satisfy constraint: [Member must satisfy enum value set: "
                "[x86_64, arm64], Member must not be null]",
            ),
        ),
        (
            "CreateFunction",
            {"TracingConfig": {"Mode": "Off"}},
            said(
                "Off",
                "tracingConfig.mode",
                "Member must satisfy enum value set: [Active, PassThrough]",
            ),
        ),
        (
            "CreateFunction",
            {"Environment": {"Variables": {"1bad": "hunter2"}}},
            [
                "Value at 'environment.variables' failed to satisfy constraint: Map keys must "
                "satisfy constraint: [Member must satisfy regular expression pattern: "
                "[a-zA-Z]([a-zA-Z0-9_])+]"
            ],
        ),
        (
            "CreateFunction",
            {"VpcConfig": {"SubnetIds": ["net"]}},
            said(
                "[net]",
                "vpcConfig.subnetIds",
                "Member must satisfy constraint: [Member must have length less than or equal to "
                "1024, Member must have length greater than or equal to 0, Member must satisfy "
                "regular expression pattern: subnet-[0-9a-z]*]",
            ),
        ),
        (
            "CreateAlias",
            {"RoutingConfig": {"AdditionalVersionWeights": {"live": 0.5}}},
            said(
                "{live=0.5}",
                "routingConfig.additionalVersionWeights",
                "Map keys must satisfy constraint: [Member must have length less than or equal to "
                "1024, Member must have length greater than or equal to 1, Member must satisfy "
                "regular expression pattern: [0-9]+]",
            ),
        ),
        (
            "PutFunctionRecursionConfig",
            {"RecursiveLoop": "Never"},
            said(
                "Never",
                "recursiveLoop",
                "Member must satisfy enum value set: [Terminate, Allow]",
            ),
        ),
        (
            "CreateEventSourceMapping",
            {"StartingPosition": "FIRST"},
            said(
                "FIRST",
                "startingPosition",
                "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
            ),
        ),
        (
            "CreateFunctionUrlConfig",
            {"InvokeMode": "STREAM"},
            said(
                "STREAM",
                "invokeMode",
                "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]",
            ),
        ),
        (
            "CreateFunction",
            {"FileSystemConfigs": [{"Arn": "a", "LocalMountPath": "/srv/x"}]},
            2,
        ),
        (
            "CreateAlias",
            {"Name": "12"},
            said(
                "12",
                "name",
                "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
            ),
        ),
        (
            "CreateAlias",
            {"RoutingConfig": {"AdditionalVersionWeights": {"2": 2.0}}},
            said(
                "{2=2.0}",
                "routingConfig.additionalVersionWeights",
                "Map value must satisfy constraint: [Member must have value less than or equal to "
                "1.0, Member must have value greater than or equal to 0.0, Member must not be "
                "null]",
            ),
        ),
        (
            "PutProvisionedConcurrencyConfig",
            {"ProvisionedConcurrentExecutions": 0},
            said(
                "0",
                "provisionedConcurrentExecutions",
                "Member must have value greater than or equal to 1",
            ),
        ),
        (
            "TagResource",
            {"Tags": {"key": "bad\ttab"}},
            said(
                "{key=bad\ttab}",
                "tags",
                "Map value must satisfy constraint: [Member must have length less than or equal "
                "to 256, Member must have length greater than or equal to 0, Member must satisfy "
                f"regular expression pattern: {TAG}, Member must not be null]",
            ),
        ),
    ],
)
def test_problems(operation: str, parameters: dict[str, Any], expected: list[str] | int) -> None:
    found = problems(operation, **parameters)
    assert (len(found) if isinstance(expected, int) else found) == expected


def test_members_can_be_left_to_their_operation() -> None:
    shape = MODEL.operation_model("CreateFunction").input_shape
    bad = {"Runtime": "cobol", "Timeout": 0}
    assert len(constraints.problems(shape, bad)) == 2
    assert len(constraints.problems(shape, bad, skip=("Runtime",))) == 1


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_every_pattern_of_the_model_compiles(operation: str) -> None:
    """Any text in any string member is accepted or refused; it causes no error of ours."""
    shape = MODEL.operation_model(operation).input_shape
    for name, member in shape.members.items():
        if member.type_name == "string":
            constraints.problems(shape, {name: "\x00 text é"})
