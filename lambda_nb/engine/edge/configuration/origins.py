"""Origins and origin groups."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

from lambda_nb.engine.edge.configuration.reading import Reader, items
from lambda_nb.engine.edge.settings import Origin, OriginGroup

Say = Callable[[str], None]
"""Takes a sentence on what the engine does not do, for its log."""

_REGION = re.compile(r"[.-]([a-z]{2,4}(?:-[a-z]+)+-\d+)\.")
_IDENTITY = "origin-access-identity/cloudfront/"
_OPTIONAL = {
    "ConnectionAttempts": "connection_attempts",
    "ConnectionTimeout": "connection_timeout_s",
    "ResponseCompletionTimeout": "completion_timeout_s",
}
_OF_SERVERS = {
    "HTTPPort": "http_port",
    "HTTPSPort": "https_port",
    "OriginProtocolPolicy": "protocol_policy",
    "OriginReadTimeout": "read_timeout_s",
    "OriginKeepaliveTimeout": "keepalive_timeout_s",
}
_SIGNING: dict[str, Literal["never", "always", "no-override"]] = {
    "never": "never",
    "always": "always",
    "no-override": "no-override",
    "always-amz-auth": "always",
}


def origin(reader: Reader, told: dict[str, Any], say: Say) -> Origin:
    """An origin as a distribution has it.

    A bucket is asked in the viewer's protocol; that changes nothing here, where S3 is the engine's.
    """
    domain = told["DomainName"]
    bucket = told.get("S3OriginConfig")
    server = told.get("CustomOriginConfig") or told.get("VpcOriginConfig") or {}
    found = _REGION.search(domain)
    settings: dict[str, Any] = {
        "kind": "s3" if bucket is not None else "custom",
        "region": found[1] if found else "",
        "path": (told.get("OriginPath") or "").rstrip("/"),
        "custom_headers": tuple(
            (one["HeaderName"], one["HeaderValue"]) for one in items(told.get("CustomHeaders"))
        ),
        **_given(told, _OPTIONAL),
        **_given(server, _OF_SERVERS),
    }
    if bucket is not None:
        settings["protocol_policy"] = "match-viewer"
        identity = bucket.get("OriginAccessIdentity") or ""
        settings["access_identity"] = identity.removeprefix(_IDENTITY)
        settings.update(_given(bucket, _OF_SERVERS))
    if protocols := items(server.get("OriginSslProtocols")):
        settings["ssl_protocols"] = tuple(protocols)
    if told.get("VpcOriginConfig"):
        say(f"origin {told['Id']!r}: a VPC origin is asked by its domain name, with HTTP, port 80")
    if server.get("OriginMtlsConfig"):
        say(f"origin {told['Id']!r}: no certificate is shown to the origin")
    if control := told.get("OriginAccessControlId"):
        settings.update(_access_control(reader, control))
    return Origin(told["Id"], domain, **settings)


def group(told: dict[str, Any], say: Say) -> OriginGroup:
    """An origin group as a distribution has it."""
    if told.get("SelectionCriteria") == "media-quality-based":
        say(f"origin group {told['Id']!r}: media quality does not count, only failing over does")
    primary, secondary = (member["OriginId"] for member in items(told["Members"]))
    statuses = items(told["FailoverCriteria"]["StatusCodes"])
    return OriginGroup(told["Id"], primary, secondary, frozenset(map(int, statuses)))


def _given(told: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The settings that are there: the others keep the defaults of :class:`Origin`."""
    return {ours: told[name] for name, ours in names.items() if told.get(name) is not None}


def _access_control(reader: Reader, identifier: str) -> dict[str, Any]:
    answer = reader.read("get_origin_access_control", Id=identifier)
    told = answer["OriginAccessControl"]["OriginAccessControlConfig"]
    return {
        "signing_service": told["OriginAccessControlOriginType"],
        "signing_behaviour": _SIGNING[told["SigningBehavior"]],
    }
