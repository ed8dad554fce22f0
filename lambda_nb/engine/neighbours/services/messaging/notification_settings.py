"""Notification configurations of buckets: which may be set, and which keys and events they mean.

Sources: S3 User Guide, "Configuring event notifications using object key name filtering"; AWS's
messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.messaging.object_events import encoded
from lambda_nb.engine.neighbours.to_engine.functions import Functions

PRINCIPAL = "s3.amazonaws.com"
SKIP = "x-amz-skip-destination-validation"
"""Header of a request whose destinations are not to be looked for."""

_NEVER = {
    "s3:Replication": "replicates no objects",
    "s3:IntelligentTiering": "moves no objects between access tiers",
    "s3:LifecycleTransition": "moves no objects between storage classes",
    "s3:LifecycleExpiration": "does not carry out lifecycle rules",
    "s3:ReducedRedundancyLostObject": "loses no objects",
    "s3:ObjectRestore:Delete": "does not delete restored copies",
}
_OVERLAP = (
    "Configurations overlap. Configurations on the same bucket cannot share a common event type."
)
_AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
    "prefixes are overlapping for the same event type."
)
_ENCODED = re.compile(r"%[0-9a-fA-F]{2}")
_OFTEN_PLAIN = "!'()~"
"""Characters that are encoded in keys, but that filters may have as they are."""


def check(
    configuration: Mapping[str, Any], bucket: Any, functions: Functions, *, look: bool
) -> None:
    """Check a configuration before it replaces the present one.

    Parameters
    ----------
    configuration
        As moto parses it: ``CloudFunctionConfiguration``, ``QueueConfiguration``...
    look
        Whether the destinations must exist now, and functions let S3 in.

    Raises
    ------
    S3ClientError
        ``InvalidArgument``.
    """
    rules = [
        (rule, arn_name)
        for name, arn_name in (
            ("CloudFunctionConfiguration", "CloudFunction"),
            ("QueueConfiguration", "Queue"),
            ("TopicConfiguration", "Topic"),
        )
        for rule in configuration.get(name) or []
    ]
    for rule, _ in rules:
        for event in rule["Event"]:
            for start, reason in _NEVER.items():
                if event.startswith(start):
                    raise _refused(
                        f"The event '{event}' never occurs here: lambda_nb {reason}. Remove it."
                    )
        _check_filter(rule)
    _check_overlaps([rule for rule, _ in rules])
    if look:
        for rule, arn_name in rules:
            _check_destination(rule[arn_name], bucket, functions)


def _check_filter(rule: Mapping[str, Any]) -> None:
    names = [name for name, _ in _filters(rule)]
    for name in names:
        if name not in ("prefix", "suffix"):
            raise _refused("filter rule name must be either prefix or suffix")
    if len(names) != len(set(names)):
        which = "prefix" if names.count("prefix") > 1 else "suffix"
        raise _refused(f"Cannot specify more than one {which} rule in a filter.")
    for _, value in _filters(rule):
        if len(value.encode()) > 1024:
            raise _refused("Size of filter rule value cannot exceed 1024 bytes in UTF-8")


def _check_overlaps(rules: list[Mapping[str, Any]]) -> None:
    for number, one in enumerate(rules):
        for other in rules[number + 1 :]:
            if not _share_an_event(one["Event"], other["Event"]):
                continue
            mine, its = dict(_filters(one)), dict(_filters(other))
            prefixes = mine.get("prefix", ""), its.get("prefix", "")
            suffixes = mine.get("suffix", ""), its.get("suffix", "")
            begins = prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0])
            ends = suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0])
            if begins and ends:
                raise _refused(_AMBIGUOUS if any((*prefixes, *suffixes)) else _OVERLAP)


def _share_an_event(one: Iterable[str], other: Iterable[str]) -> bool:
    return any(
        mine == its
        or (mine.endswith(":*") and its.startswith(mine[:-1]))
        or (its.endswith(":*") and mine.startswith(its[:-1]))
        for mine in one
        for its in other
    )


def _check_destination(arn: str, bucket: Any, functions: Functions) -> None:
    from moto.sns.models import sns_backends
    from moto.sqs.models import sqs_backends

    from lambda_nb.engine.neighbours.services import forwarding

    service, region, account = arn.split(":")[2:5]
    if region != bucket.region_name:
        return  # moto refuses it with AWS's words
    if service == "lambda":
        found = functions.permit(arn, PRINCIPAL, bucket.arn, bucket.account_id)
    elif service in forwarding.elsewhere:
        found = True
    elif service == "sqs":
        found = arn.rpartition(":")[2] in sqs_backends[account][region].queues
    else:
        found = arn in sns_backends[account][region].topics
    if not found:
        raise _refused("Unable to validate the following destination configurations")


def _filters(rule: Mapping[str, Any]) -> list[tuple[str, str]]:
    told = rule.get("Filter") or {}
    key = told.get("S3Key") or {}
    rules = key.get("FilterRule") or []
    return [(one["Name"].lower(), one.get("Value") or "") for one in rules]


def matches(filters: Mapping[str, Any], key: str) -> bool:
    """Whether a key passes the filters of a configuration."""
    name = encoded(key)
    for kind, value in _filters({"Filter": filters}):
        wanted = _normal(value)
        if not (name.startswith(wanted) if kind == "prefix" else name.endswith(wanted)):
            return False
    return True


def _normal(value: str) -> str:
    """A filter's value as keys are encoded.

    Examples
    --------
    >>> _normal("a%3db(1)")
    'a%3Db%281%29'
    """
    upper = _ENCODED.sub(lambda found: found[0].upper(), value)
    return "".join(f"%{ord(c):02X}" if c in _OFTEN_PLAIN else c for c in upper)


def _refused(text: str) -> Exception:
    from moto.s3.exceptions import S3ClientError

    return S3ClientError("InvalidArgument", text)
