"""What CloudFront, or this engine, does not take as origins and origin groups."""

from __future__ import annotations

import re
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.documents import Store, error, invalid
from lambda_nb.engine.neighbours.services.cloudfront.references import IDENTITY_PREFIX
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items
from lambda_nb.rules import quotas

_DOMAIN = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)(:\d{1,5})?")
_WEBSITE = re.compile(r"\.s3-website[.-]")
_OWN = re.compile(r"(127\.|localhost\b|\[::1\])|\.localhost\b")
_FAILING = {400, 403, 404, 416, 429, 500, 502, 503, 504}
# Developer Guide, "Optimize high availability with CloudFront origin failover", 2026.
_NOT_ADDED = frozenset(
    (
        *("cache-control", "connection", "content-length", "cookie", "host", "if-match"),
        *("if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "max-forwards"),
        *("pragma", "proxy-authenticate", "proxy-authorization", "proxy-connection", "range"),
        *("request-range", "te", "trailer", "transfer-encoding", "upgrade", "via", "x-real-ip"),
    )
)
_NOT_ADDED_PREFIXES = ("x-amz-", "x-edge-")
# Developer Guide, "Add custom headers to origin requests", 2026.


def check(store: Store, config: dict[str, Any]) -> None:
    """Refuse origins, and groups of them."""
    origins, groups = items(config, "Origins"), items(config, "OriginGroups")
    _check_most(origins, quotas.CF_ORIGINS.value, "TooManyOrigins", "origins")
    _check_most(
        groups, quotas.CF_ORIGIN_GROUPS.value, "TooManyOriginGroupsPerDistribution", "origin groups"
    )
    names = [origin["Id"] for origin in (*origins, *groups)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise invalid(
            f"Ids of origins and origin groups differ; {', '.join(twice)} is there twice."
        )
    for origin in origins:
        _check_origin(store, origin)
    for group in groups:
        _check_group(group, {origin["Id"] for origin in origins})


def _check_most(held: list[Any], most: int, code: str, what: str) -> None:
    if len(held) > most:
        raise error(code, f"A distribution has at most {most} {what}; these are {len(held)}.")


def _check_origin(store: Store, origin: dict[str, Any]) -> None:
    if "VpcOriginConfig" in origin:
        raise invalid("lambda_nb has no VPC origins: name the server in a CustomOriginConfig.")
    if ("S3OriginConfig" in origin) == ("CustomOriginConfig" in origin):
        raise invalid(
            f"The origin {origin['Id']} has either an S3OriginConfig or a CustomOriginConfig."
        )
    domain, path = origin["DomainName"], origin["OriginPath"]
    if not _DOMAIN.fullmatch(domain):
        raise invalid(
            "The parameter Origin DomainName is a host's name, without a scheme and a path; of the "
            f"origin {origin['Id']} it is {domain!r}."
        )
    if path and (not path.startswith("/") or path.endswith("/") or len(path) > 255):
        raise invalid(
            "The parameter OriginPath begins with a slash and ends without one; of the origin "
            f"{origin['Id']} it is {path!r}."
        )
    _check_range("ConnectionAttempts", origin, quotas.CF_CONNECTION_ATTEMPTS_MAX.value)
    _check_range("ConnectionTimeout", origin, quotas.CF_CONNECTION_TIMEOUT_MAX_S.value)
    _check_headers(origin)
    if "S3OriginConfig" in origin:
        _check_bucket(store, origin)
    else:
        _check_server(origin)
    _check_control(store, origin)


def _check_range(member: str, held: dict[str, Any], most: int, code: str = "") -> None:
    if not 1 <= held[member] <= most:
        text = f"The parameter {member} is from 1 to {most}; it is {held[member]}."
        raise error(code or "InvalidArgument", text)


def _check_headers(origin: dict[str, Any]) -> None:
    headers = items(origin, "CustomHeaders")
    if len(headers) > quotas.CF_ORIGIN_HEADERS.value:
        raise error(
            "TooManyOriginCustomHeaders",
            f"An origin has at most {quotas.CF_ORIGIN_HEADERS.value} custom headers; "
            f"{origin['Id']} has {len(headers)}.",
        )
    names = [header["HeaderName"].lower() for header in headers]
    for name in names:
        if name in _NOT_ADDED or name.startswith(_NOT_ADDED_PREFIXES) or not name:
            raise invalid(
                f"The parameter HeaderName of the origin {origin['Id']} is not allowed: CloudFront "
                f"adds no {name!r}."
            )
        if names.count(name) > 1:
            raise invalid(f"The parameter HeaderName contains duplicates: {name}.")


def _check_bucket(store: Store, origin: dict[str, Any]) -> None:
    if _WEBSITE.search(origin["DomainName"]):
        raise invalid(
            "The parameter Origin DomainName does not refer to a valid S3 bucket: "
            f"{origin['DomainName']} is a website, which needs a CustomOriginConfig."
        )
    identity = origin["S3OriginConfig"]["OriginAccessIdentity"]
    known = store.all("CloudFrontOriginAccessIdentity")
    if identity and (
        not identity.startswith(IDENTITY_PREFIX)
        or identity.removeprefix(IDENTITY_PREFIX) not in known
    ):
        raise error(
            "InvalidOriginAccessIdentity",
            f"The origin access identity of {origin['Id']} is not valid or does not exist: it is "
            f"{IDENTITY_PREFIX}ID, and {identity!r} is not known.",
        )


def _check_server(origin: dict[str, Any]) -> None:
    server = origin["CustomOriginConfig"]
    if "OriginMtlsConfig" in server:
        raise invalid("lambda_nb has no mutual TLS with origins: leave OriginMtlsConfig out.")
    _check_range(
        "OriginReadTimeout", server, quotas.CF_READ_TIMEOUT_MAX_S.value, "InvalidOriginReadTimeout"
    )
    _check_range(
        "OriginKeepaliveTimeout",
        server,
        quotas.CF_KEEPALIVE_MAX_S.value,
        "InvalidOriginKeepaliveTimeout",
    )
    for member in ("HTTPPort", "HTTPSPort"):
        port = server[member]
        if port not in (80, 443) and not 1024 <= port <= 65535:
            raise invalid(f"The parameter {member} is 80, 443 or from 1024 to 65535, not {port}.")


def _check_control(store: Store, origin: dict[str, Any]) -> None:
    name = origin["OriginAccessControlId"]
    if not name:
        return
    control = store.all("OriginAccessControl").get(name)
    if control is None:
        raise error(
            "InvalidOriginAccessControl",
            f"There is no origin access control with the id {name!r}: ListOriginAccessControls "
            "lists them.",
        )
    bucket = origin.get("S3OriginConfig")
    if bucket and bucket["OriginAccessIdentity"]:
        raise error(
            "IllegalOriginAccessConfiguration",
            "An origin cannot contain both an origin access control (OAC) and an origin access "
            f"identity (OAI): {origin['Id']} does.",
        )
    kind = control.config["OriginAccessControlOriginType"]
    domain = origin["DomainName"]
    right = (
        bucket is not None
        if kind == "s3"
        else bucket is None and (".lambda-url." in domain or _OWN.search(domain) is not None)
    )
    if not right:
        raise error(
            "InvalidDomainNameForOriginAccessControl",
            f"The origin access control {name} is for origins of the type {kind}; "
            f"{domain} is none.",
        )


def _check_group(group: dict[str, Any], origins: set[str]) -> None:
    if group["SelectionCriteria"] != "default":
        raise invalid(
            "lambda_nb chooses no origins by media quality: SelectionCriteria is default."
        )
    members = [member["OriginId"] for member in items(group, "Members")]
    if members[0] == members[1]:
        raise invalid(f"An origin group has two origins; {group['Id']} has {members[0]} twice.")
    for member in members:
        if member not in origins:
            raise error(
                "NoSuchOrigin", f"The origin group {group['Id']} names no origin: {member}."
            )
    statuses = items(group["FailoverCriteria"], "StatusCodes")
    if not statuses or not set(statuses) <= _FAILING:
        raise invalid(
            f"An origin group fails over on {sorted(_FAILING)}; {group['Id']} has {statuses}."
        )
