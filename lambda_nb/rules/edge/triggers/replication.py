"""Which functions Lambda@Edge replicates to its locations.

CloudFront Developer Guide, lambda-at-edge-function-restrictions, edge-functions-choosing and
cloudfront-limits, 2026. Sentences that are recorded from AWS: awslabs/aws-cloudfront-extensions
112, serverless-plugin-cloudfront-lambda-edge 63 and anomalyco/ion 1194 on GitHub.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.rules import quotas

HOME = "us-east-1"
"""The Region in which functions of Lambda@Edge are made (US East, N. Virginia)."""

PRINCIPALS = ("lambda.amazonaws.com", "edgelambda.amazonaws.com")
"""Who must be able to assume a function's role."""

_VIEWER = "viewer-"
_RUNTIMES = re.compile(r"(?:nodejs|python)[0-9.]+x?")
_BY_CLOUDFRONT = "for functions that are triggered by a CloudFront event"
_NUMBERED = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:"
    r"(?P<name>[A-Za-z0-9_-]+)(?::(?P<version>[^:]+))?"
)


def arn_problem(arn: str, account: str) -> str | None:
    """What keeps a function's ARN from being associated; ``None`` if nothing does.

    Examples
    --------
    >>> arn_problem("arn:aws:lambda:us-east-1:000000000000:function:f:1", "000000000000")
    >>> arn_problem("arn:aws:lambda:us-west-2:000000000000:function:f:1", "000000000000")[:46]
    "The function must be in region 'us-east-1'. AR"
    """
    found = _NUMBERED.fullmatch(arn)
    if found is None:
        return f"The ARN is not that of a version of a Lambda function. ARN: {arn}"
    if not (found["version"] or "").isdecimal():
        return (
            "The function ARN must reference a specific function version. "
            f"(The ARN must end with the version number.) ARN: {arn}"
        )
    if found["region"] != HOME:
        return f"The function must be in region '{HOME}'. ARN: {arn}"
    if found["account"] != account:
        told = f"The function must be owned by the account of the distribution, {account}."
        return f"{told} ARN: {arn}"
    return None


def replica_name(name: str) -> str:
    """What a function's replicas are called.

    Examples
    --------
    >>> replica_name("f")
    'us-east-1.f'
    """
    return f"{HOME}.{name}"


def problems(
    configuration: Mapping[str, Any], event: str, *, timeout_s: int = quotas.EDGE_TIMEOUT_S.value
) -> list[str]:
    """What keeps a version from running at an event: sentences, none if it may.

    Parameters
    ----------
    configuration
        As Lambda's GetFunctionConfiguration answers; what it lacks is not checked.
    event
        ``viewer-request``, ``origin-request``, ``origin-response`` or ``viewer-response``.
    timeout_s
        The longest timeout at viewer events.
    """
    found = []
    runtime = configuration.get("Runtime", "")
    if configuration.get("PackageType", "Zip") != "Zip":
        found.append("The function cannot be a container image.")
    elif not _RUNTIMES.fullmatch(runtime):
        told = f"The function has an invalid runtime {_BY_CLOUDFRONT}: {runtime}"
        found.append(f"{told} Expecting: Node.js or Python.")
    if (configuration.get("Environment") or {}).get("Variables"):
        found.append("The function cannot have environment variables.")
    found += [sentence for has, sentence in _unsupported(configuration) if has]
    at_viewer = event.startswith(_VIEWER)
    most = timeout_s if at_viewer else quotas.EDGE_TIMEOUT_S.value
    found += _too_large(configuration, "Timeout", "timeout", most)
    if at_viewer:
        most = quotas.EDGE_VIEWER_MEMORY_MB.value
        found += _too_large(configuration, "MemorySize", "memory size", most)
    found += _too_large(configuration, "CodeSize", "code size", quotas.ZIPPED_BYTES.value)
    return found


def _unsupported(configuration: Mapping[str, Any]) -> list[tuple[bool, str]]:
    """Each setting that Lambda@Edge does not support: whether it is there, and the refusal."""

    def inner(name: str, member: str) -> Any:
        return (configuration.get(name) or {}).get(member)

    storage = inner("EphemeralStorage", "Size") or 0
    most = quotas.EDGE_STORAGE_MB.value
    return [
        (bool(configuration.get("Layers")), "The function cannot have layers."),
        (
            bool(inner("VpcConfig", "SubnetIds") or inner("VpcConfig", "VpcId")),
            "The function cannot be connected to a VPC.",
        ),
        (
            bool(configuration.get("FileSystemConfigs")),
            "The function cannot have a file system.",
        ),
        (
            bool(inner("DeadLetterConfig", "TargetArn")),
            "The function cannot have a dead-letter queue.",
        ),
        (inner("TracingConfig", "Mode") == "Active", "The function cannot use AWS X-Ray."),
        (
            "arm64" in (configuration.get("Architectures") or ()),
            "The function cannot have the architecture arm64.",
        ),
        (
            storage > most,
            f"The function cannot have more than {most} MB of ephemeral storage: {storage}",
        ),
        (bool(configuration.get("DurableConfig")), "The function cannot be a durable function."),
        (
            bool(configuration.get("CapacityProviderConfig")),
            "The function cannot run on a capacity provider.",
        ),
    ]


def _too_large(configuration: Mapping[str, Any], member: str, name: str, most: int) -> list[str]:
    value = configuration.get(member) or 0
    if value <= most:
        return []
    return [
        f"The function {name} is larger than the maximum allowed {_BY_CLOUDFRONT}: "
        f"{value} Max allowed: {most}"
    ]


def role_problem(role: str, trust: Mapping[str, Any]) -> str | None:
    """What keeps a role from being a function's at the edge; ``None`` if nothing does.

    Parameters
    ----------
    role
        Its ARN.
    trust
        Its trust policy.
    """
    statements = trust.get("Statement") or []
    trusted: set[str] = set()
    for statement in statements if isinstance(statements, list) else [statements]:
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal") or {}
        services = ["*"] if principal == "*" else principal.get("Service") or []
        trusted.update([services] if isinstance(services, str) else services)
    if "*" in trusted or trusted.issuperset(PRINCIPALS):
        return None
    return (
        "The function execution role must be assumable with edgelambda.amazonaws.com as well as "
        f"lambda.amazonaws.com principals. Update the IAM role and try again. Role: {role}"
    )


def not_to_be_deleted(arn: str) -> str:
    """Why a version that a distribution uses cannot be deleted, as AWS says it."""
    return (
        f"Lambda was unable to delete {arn} because it is a replicated function. Please see our "
        "documentation for Deleting Lambda@Edge Functions and Replicas."
    )
