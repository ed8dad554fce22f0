"""Replicas: a version of a function as it runs at an edge location."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambda_nb.engine.model import FunctionVersion
from lambda_nb.rules import quotas
from lambda_nb.rules.edge.triggers import replication


def replica(function: FunctionVersion, region: str) -> FunctionVersion:
    """A version as it runs in a location's Region.

    Its name begins with the Region that it comes from, and its logs are in the Region where it
    runs (CloudFront Developer Guide, edge-functions-logs, 2026).
    """
    name = replication.replica_name(function.name)
    return replace(
        function,
        region=region,
        name=name,
        arn=f"arn:aws:lambda:{region}:{function.account}:function:{name}",
        log_group=f"/aws/lambda/{name}",
    )


def replicable(
    function: FunctionVersion, event: str, *, timeout_s: int = quotas.EDGE_TIMEOUT_S.value
) -> list[str]:
    """What keeps a version from running at an event: sentences, none if it may.

    Parameters
    ----------
    event
        ``viewer-request``, ``origin-request``, ``origin-response`` or ``viewer-response``.
    timeout_s
        The longest timeout at viewer events.
    """
    problem = replication.arn_problem(function.qualified_arn, function.account)
    found = replication.problems(_configuration(function), event, timeout_s=timeout_s)
    return found if problem is None else [problem, *found]


def _configuration(function: FunctionVersion) -> Mapping[str, Any]:
    """A version as GetFunctionConfiguration would show it, so far as execution knows it."""
    return {
        "PackageType": function.package_type,
        "Runtime": function.runtime,
        "Environment": {"Variables": function.environment},
        "Layers": function.layer_dirs,
        "FileSystemConfigs": function.file_systems,
        "TracingConfig": {"Mode": function.tracing_mode},
        "Architectures": [function.architecture],
        "EphemeralStorage": {"Size": function.ephemeral_storage_mb},
        "DurableConfig": function.durable,
        "Timeout": function.timeout_s,
        "MemorySize": function.memory_mb,
    }
