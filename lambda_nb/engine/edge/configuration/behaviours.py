"""Cache behaviours: compiled, and chosen by path."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.edge.configuration import legacy_settings
from lambda_nb.engine.edge.configuration.origins import Say
from lambda_nb.engine.edge.configuration.policies import cache_policy, origin_request_policy
from lambda_nb.engine.edge.configuration.reading import Reader, items
from lambda_nb.engine.edge.configuration.response_headers import response_headers_policy
from lambda_nb.engine.edge.settings import (
    Behaviour,
    CachePolicy,
    Distribution,
    LambdaAssociation,
    Origin,
    OriginRequestPolicy,
    RealtimeLog,
)
from lambda_nb.rules.edge.origin_requests import Forwarding, Selections
from lambda_nb.rules.edge.path_patterns import compiled, normalized

_GETTING = ("GET", "HEAD")
_UNSUPPORTED = {
    "FieldLevelEncryptionId": "no field is encrypted, the origin gets all as it came",
    "SmoothStreaming": "Smooth Streaming needs an origin that speaks it, nothing is converted",
}


def behaviour_of(distribution: Distribution, path: str) -> Behaviour:
    """The behaviour for a request: the first whose path pattern matches, else the default one.

    Parameters
    ----------
    distribution
        Its behaviours are in their order.
    path
        The request's, percent-encoded, without a query string.
    """
    *others, default = distribution.behaviours
    if others:
        path = normalized(path)
        for one in others:
            if compiled(one.pattern).matches(path):
                return one
    return default


def forwarding(behaviour: Behaviour, origin: Origin) -> Forwarding:
    """How a behaviour makes requests to an origin: :mod:`lambda_nb.rules.edge.origin_requests`."""
    cache, policy = behaviour.cache, behaviour.origin_request
    return Forwarding(
        Selections(cache.headers, cache.cookies, cache.query),
        Selections(policy.headers, policy.cookies, policy.query),
        policy.added,
        cache.gzip,
        cache.brotli,
        "OPTIONS" in behaviour.cached_methods,
        origin.kind == "s3",
    )


def behaviour(reader: Reader, told: dict[str, Any], say: Say) -> Behaviour:
    """A behaviour as a distribution has it; without a path pattern it is the default one."""
    pattern = told.get("PathPattern", "*")
    for member, sentence in _UNSUPPORTED.items():
        if told.get(member):
            say(f"behavior {pattern!r}: {sentence}")
    if (told.get("GrpcConfig") or {}).get("Enabled"):
        say(f"behavior {pattern!r}: gRPC needs HTTP/2, and requests come with HTTP/1.1 here")
    methods = told.get("AllowedMethods") or {}
    cache, origin_request = _policies(reader, told)
    log = told.get("RealtimeLogConfigArn")
    headers = told.get("ResponseHeadersPolicyId")
    return Behaviour(
        pattern,
        told["TargetOriginId"],
        told["ViewerProtocolPolicy"],
        frozenset(items(methods) or _GETTING),
        frozenset(items(methods.get("CachedMethods")) or _GETTING),
        bool(told.get("Compress")),
        cache,
        origin_request,
        response_headers_policy(reader, headers) if headers else None,
        _trusted_keys(reader, told, say),
        {
            one["EventType"]: LambdaAssociation(
                one["LambdaFunctionARN"], bool(one.get("IncludeBody"))
            )
            for one in items(told.get("LambdaFunctionAssociations"))
        },
        {one["EventType"]: one["FunctionARN"] for one in items(told.get("FunctionAssociations"))},
        _realtime_log(reader, log) if log else None,
    )


def _policies(reader: Reader, told: dict[str, Any]) -> tuple[CachePolicy, OriginRequestPolicy]:
    if not told.get("CachePolicyId"):
        return legacy_settings.as_policies(told)
    policy = told.get("OriginRequestPolicyId")
    return (
        cache_policy(reader, told["CachePolicyId"]),
        origin_request_policy(reader, policy) if policy else OriginRequestPolicy(""),
    )


def _trusted_keys(reader: Reader, told: dict[str, Any], say: Say) -> dict[str, str] | None:
    """The public keys (PEM) by their ids; ``None`` if access needs no signature."""
    groups = told.get("TrustedKeyGroups") or {}
    signers = told.get("TrustedSigners") or {}
    if signers.get("Enabled"):
        # Whoever asks for signatures wants no open door: without key groups nobody is let in.
        pattern = told.get("PathPattern", "*")
        say(f"behavior {pattern!r}: AWS accounts cannot be trusted signers here, name key groups")
    if not groups.get("Enabled") and not signers.get("Enabled"):
        return None
    keys = {}
    for identifier in items(groups):
        answer = reader.read("get_key_group", Id=identifier)
        for key in items(answer["KeyGroup"]["KeyGroupConfig"]):
            public = reader.read("get_public_key", Id=key)["PublicKey"]["PublicKeyConfig"]
            keys[key] = public["EncodedKey"]
    return keys


def _realtime_log(reader: Reader, arn: str) -> RealtimeLog:
    told = reader.read("get_realtime_log_config", ARN=arn)["RealtimeLogConfig"]
    stream = told["EndPoints"][0]["KinesisStreamConfig"]["StreamARN"]
    return RealtimeLog(told["Name"], stream, tuple(told["Fields"]), float(told["SamplingRate"]))
