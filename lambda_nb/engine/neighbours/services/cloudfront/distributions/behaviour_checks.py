"""What CloudFront, or this engine, does not take as a cache behavior."""

from __future__ import annotations

import re
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.documents import Store, error, invalid
from lambda_nb.engine.neighbours.services.cloudfront.policies import (
    CACHE,
    ORIGIN_REQUEST,
    RESPONSE_HEADERS,
)
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items
from lambda_nb.rules import quotas

_READING = frozenset({"GET", "HEAD"})
_METHODS = (
    _READING,
    _READING | {"OPTIONS"},
    _READING | {"OPTIONS", "PUT", "POST", "PATCH", "DELETE"},
)
_OLD_TTLS = ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL")
_PATTERN = re.compile(r"[A-Za-z0-9_.*$/~\"'@:+&?;,=!()%\[\]|^#-]{1,255}")


def check(store: Store, config: dict[str, Any], behaviour: dict[str, Any]) -> None:
    """Refuse a cache behavior of a distribution's configuration."""
    _refuse_what_is_not_here(behaviour)
    pattern = behaviour.get("PathPattern", "*")
    if not _PATTERN.fullmatch(pattern):
        raise invalid(f"The parameter PathPattern is not valid: {pattern!r}.")
    origins = {origin["Id"] for origin in items(config, "Origins")}
    groups = {group["Id"] for group in items(config, "OriginGroups")}
    target = behaviour["TargetOriginId"]
    if target not in origins | groups:
        raise error(
            "NoSuchOrigin",
            "One or more of your origins or origin groups do not exist: the behavior of "
            f"{pattern} has the TargetOriginId {target!r}.",
        )
    _check_methods(behaviour, grouped=target in groups)
    _check_caching(store, behaviour)
    _check_signers(store, behaviour)
    _check_functions(store, behaviour)
    log = behaviour.get("RealtimeLogConfigArn")
    if log and log not in store.all("RealtimeLogConfig"):
        text = f"There is no real-time log configuration {log}: call ListRealtimeLogConfigs."
        raise error("NoSuchRealtimeLogConfig", text)


def _refuse_what_is_not_here(behaviour: dict[str, Any]) -> None:
    if behaviour["FieldLevelEncryptionId"]:
        raise error(
            "IllegalFieldLevelEncryptionConfigAssociationWithCacheBehavior",
            "lambda_nb keeps configurations of field-level encryption but encrypts no fields: "
            "leave FieldLevelEncryptionId out.",
        )
    if behaviour["SmoothStreaming"]:
        raise invalid("lambda_nb has no Smooth Streaming: leave it off.")
    if behaviour["GrpcConfig"]["Enabled"]:
        raise invalid("lambda_nb passes no gRPC on: leave GrpcConfig off.")


def _check_methods(behaviour: dict[str, Any], *, grouped: bool) -> None:
    allowed = frozenset(items(behaviour, "AllowedMethods"))
    cached = frozenset(items(behaviour["AllowedMethods"], "CachedMethods"))
    if allowed not in _METHODS:
        raise invalid(
            "The parameter AllowedMethods is GET and HEAD; these and OPTIONS; or these and "
            f"OPTIONS, PUT, POST, PATCH and DELETE. It is {', '.join(sorted(allowed))}."
        )
    if cached not in _METHODS[:2] or not cached <= allowed:
        raise invalid(
            "The parameter CachedMethods is GET and HEAD, or these and OPTIONS where that is "
            f"allowed. It is {', '.join(sorted(cached))}."
        )
    if grouped and allowed not in _METHODS[:2]:
        raise invalid(
            "The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE for a cached "
            "behavior associated with an origin group."
        )


def _check_caching(store: Store, behaviour: dict[str, Any]) -> None:
    if behaviour.get("CachePolicyId"):
        CACHE.find(store, behaviour["CachePolicyId"])
        for member in _OLD_TTLS:
            if member in behaviour:
                raise invalid(
                    f"The parameter {member} cannot be used when a cache policy is associated to "
                    "the cache behavior."
                )
    elif "ForwardedValues" not in behaviour:
        raise invalid("The parameter ForwardedValues is required, or better: a CachePolicyId.")
    else:
        _check_forwarded(behaviour)
    if behaviour.get("OriginRequestPolicyId"):
        ORIGIN_REQUEST.find(store, behaviour["OriginRequestPolicyId"])
        if not behaviour.get("CachePolicyId"):
            raise invalid(
                "The parameter OriginRequestPolicyId can be used with a CachePolicyId only."
            )
    if behaviour.get("ResponseHeadersPolicyId"):
        RESPONSE_HEADERS.find(store, behaviour["ResponseHeadersPolicyId"])


def _check_forwarded(behaviour: dict[str, Any]) -> None:
    least, usual, most = (behaviour[member] for member in _OLD_TTLS[1:])
    if not 0 <= least <= usual <= most:
        raise error(
            "InvalidTTLOrder",
            "MinTTL, DefaultTTL and MaxTTL are in this order; they are "
            f"{least}, {usual} and {most}.",
        )
    forwarded = behaviour["ForwardedValues"]
    cookies = forwarded["Cookies"]
    named = items(cookies, "WhitelistedNames")
    if bool(named) != (cookies["Forward"] == "whitelist"):
        raise error(
            "InvalidForwardCookies",
            f"WhitelistedNames go with Forward whitelist; Forward is {cookies['Forward']}, with "
            f"{len(named)} names.",
        )
    for code, names in (
        ("TooManyCookieNamesInWhiteList", named),
        ("TooManyHeadersInForwardedValues", items(forwarded, "Headers")),
        ("TooManyQueryStringParameters", items(forwarded, "QueryStringCacheKeys")),
    ):
        if len(names) > quotas.CF_LEGACY_NAMES.value:
            raise error(
                code, f"A cache behavior names at most {quotas.CF_LEGACY_NAMES.value}: {names}."
            )
    if items(forwarded, "QueryStringCacheKeys") and not forwarded["QueryString"]:
        raise error(
            "InvalidQueryStringParameters", "QueryStringCacheKeys need the QueryString to be true."
        )


def _check_signers(store: Store, behaviour: dict[str, Any]) -> None:
    if behaviour["TrustedSigners"]["Enabled"] or items(behaviour, "TrustedSigners"):
        raise error(
            "TrustedSignerDoesNotExist",
            "lambda_nb has no CloudFront key pairs of accounts: use TrustedKeyGroups.",
        )
    groups = items(behaviour, "TrustedKeyGroups")
    if bool(groups) != behaviour["TrustedKeyGroups"]["Enabled"]:
        raise invalid("TrustedKeyGroups is Enabled if, and only if, it has Items.")
    most = quotas.CF_KEY_GROUPS_A_BEHAVIOUR.value
    if len(groups) > most:
        raise error(
            "TooManyKeyGroupsAssociatedToDistribution",
            f"A cache behavior has at most {most} key groups; these are {len(groups)}.",
        )
    for group in groups:
        if group not in store.all("KeyGroup"):
            text = f"There is no key group with the id {group!r}: call ListKeyGroups."
            raise error("TrustedKeyGroupDoesNotExist", text)


def _check_functions(store: Store, behaviour: dict[str, Any]) -> None:
    """Those of Lambda@Edge are the engine's, which refuses them before the call comes here."""
    functions = items(behaviour, "FunctionAssociations")
    for association in functions:
        event, arn = association["EventType"], association["FunctionARN"]
        if not event.startswith("viewer-"):
            raise error(
                "InvalidFunctionAssociation",
                f"A CloudFront Function runs on viewer events only, not on {event}: {arn}.",
            )
        if arn not in store.all("LiveFunction"):
            raise error(
                "InvalidFunctionAssociation",
                f"There is no published CloudFront Function {arn}: call PublishFunction first.",
            )
    events = [association["EventType"] for association in functions]
    if len(set(events)) != len(events):
        raise error(
            "InvalidFunctionAssociation",
            f"A cache behavior has one function an event; {events[0]} has more.",
        )
