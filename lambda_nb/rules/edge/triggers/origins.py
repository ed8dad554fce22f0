"""The origin that an origin-request function chooses.

CloudFront Developer Guide, lambda-event-structure ("Fields in the request object") and
add-origin-custom-headers, 2026.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lambda_nb.rules import quotas
from lambda_nb.rules.edge.triggers import headers as header_rules
from lambda_nb.rules.edge.triggers.headers import Pair
from lambda_nb.rules.edge.triggers.invalid_results import ORIGIN, InvalidResult

SSL_PROTOCOLS = ("TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3")
IDENTITY = "origin-access-identity"

NOT_CUSTOM = frozenset({
    "cache-control", "connection", "content-length", "cookie", "host", "if-match",
    "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "max-forwards",
    "pragma", "proxy-authenticate", "proxy-authorization", "proxy-connection", "range",
    "request-range", "te", "trailer", "transfer-encoding", "upgrade", "via", "x-real-ip",
})  # fmt: skip
"""Headers that CloudFront does not add to requests to an origin."""

NOT_CUSTOM_PREFIXES = ("x-amz-", "x-edge-")

_CUSTOM = ("domainName", "keepaliveTimeout", "path", "port", "protocol", "readTimeout",
           "sslProtocols")  # fmt: skip
_S3 = ("authMethod", "domainName", "path")


@dataclass(frozen=True, slots=True)
class ChosenOrigin:
    """An origin as a function described it.

    Times are seconds; ``None`` where none was given. ``completion_timeout_s`` 0 is CloudFront's
    default.
    """

    kind: Literal["s3", "custom"]
    domain: str
    path: str
    custom_headers: tuple[Pair, ...]
    read_timeout_s: float | None = None
    completion_timeout_s: float | None = None
    keepalive_timeout_s: float = 5.0
    port: int = 443
    protocol: str = "https"
    ssl_protocols: tuple[str, ...] = ()
    auth_method: str = "none"
    region: str = ""


def chosen(
    returned: object, before: Mapping[str, Any], header_names: Collection[str]
) -> ChosenOrigin | None:
    """The origin that a function returned; ``None`` if it is the one that it got.

    Parameters
    ----------
    returned, before
        ``origin`` of the request that the function returned, and of the one that it got.
    header_names
        The names, in lower case, of the headers that the request now has.

    Raises
    ------
    InvalidResult
        It is no origin, or has a value that is not allowed.
    """
    if returned == before:
        return None
    if not isinstance(returned, dict):
        raise _refused("origin must be an object with custom or s3; leave it out to keep it.")
    kinds = [kind for kind in ("custom", "s3") if returned.get(kind) is not None]
    if len(kinds) != 1:
        raise _refused(f"origin has {' and '.join(kinds) or 'neither custom nor s3'}: give one.")
    members = returned[kinds[0]]
    if not isinstance(members, dict):
        raise _refused(f"origin.{kinds[0]} must be an object.")
    old = before.get(kinds[0]) or {}
    needed = _CUSTOM if kinds[0] == "custom" else _S3
    missing = [name for name in needed if members.get(name) is None]
    if missing:
        raise _refused(f"origin.{kinds[0]} lacks {', '.join(missing)}.")
    headers = _custom_headers(members.get("customHeaders"), old, header_names)
    make = _custom if kinds[0] == "custom" else _s3
    return make(members, old, headers)


def _custom(
    members: Mapping[str, Any], old: Mapping[str, Any], headers: tuple[Pair, ...]
) -> ChosenOrigin:
    domain = members["domainName"]
    if domain != old.get("domainName"):
        _check_name(domain, quotas.EDGE_CUSTOM_DOMAIN_CHARACTERS.value)
        if ":" in domain or _is_address(domain):
            told = "must be a DNS name, without a port and not an IP address; give the port in port"
            raise _refused(f"domainName {domain!r} {told}.")
    path = members["path"]
    _check_path(path)
    most = quotas.EDGE_ORIGIN_PATH_CHARACTERS.value
    if len(path) > most:
        raise _refused(f"path has {len(path)} characters, at most {most} are allowed.")
    port, protocol = members["port"], members["protocol"]
    if type(port) is not int or not (port in (80, 443) or 1024 <= port <= 65535):
        raise _refused(f"port {port!r} must be 80, 443 or a number from 1024 to 65535.")
    if protocol not in ("http", "https"):
        raise _refused(f"protocol {protocol!r} must be http or https.")
    ssl = members["sslProtocols"]
    if not isinstance(ssl, list) or not ssl or not all(one in SSL_PROTOCOLS for one in ssl):
        raise _refused(f"sslProtocols {ssl!r} must be a list of {', '.join(SSL_PROTOCOLS)}.")
    read_s, completion_s = _timeouts(members)
    return ChosenOrigin(
        "custom",
        domain,
        path,
        headers,
        read_s,
        completion_s,
        keepalive_timeout_s=_seconds(members, "keepaliveTimeout"),
        port=port,
        protocol=protocol,
        ssl_protocols=tuple(ssl),
    )


def _s3(
    members: Mapping[str, Any], old: Mapping[str, Any], headers: tuple[Pair, ...]
) -> ChosenOrigin:
    domain, method = members["domainName"], members["authMethod"]
    if domain != old.get("domainName"):
        _check_name(domain, quotas.EDGE_S3_DOMAIN_CHARACTERS.value)
        if domain != domain.lower():
            raise _refused(f"domainName {domain!r} of a bucket must be in lower case.")
    _check_path(members["path"])
    if method not in ("none", IDENTITY):
        raise _refused(f"authMethod {method!r} must be none or {IDENTITY}.")
    region = members.get("region")
    if region is None and method == IDENTITY:
        raise _refused(f"with authMethod {IDENTITY}, region must be the bucket's Region.")
    if not isinstance(region, (str, type(None))):
        raise _refused(f"region {region!r} must be a text.")
    read_s, completion_s = _timeouts(members)
    return ChosenOrigin(
        "s3",
        domain,
        members["path"],
        headers,
        read_s,
        completion_s,
        auth_method=method,
        region=region or "",
    )


def _timeouts(members: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """``readTimeout`` and ``responseCompletionTimeout``, if they are given."""
    read_s = None
    if members.get("readTimeout") is not None:
        read_s = _seconds(members, "readTimeout")
    completion_s = members.get("responseCompletionTimeout")
    if completion_s is None:
        return read_s, None
    if not _is_number(completion_s) or (completion_s != 0 and completion_s < (read_s or 0)):
        told = (
            f"must be 0 or at least readTimeout, which is {read_s:g}" if read_s else "is negative"
        )
        if not _is_number(completion_s):
            told = "must be a number of seconds"
        raise _refused(f"responseCompletionTimeout {completion_s!r} {told}.")
    return read_s, completion_s


def _seconds(members: Mapping[str, Any], name: str) -> float:
    value = members[name]
    most = quotas.EDGE_ORIGIN_TIMEOUT_S.value
    if not _is_number(value) or not 1 <= value <= most:
        raise _refused(f"{name} {value!r} must be a number of seconds from 1 to {most}.")
    return float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_name(domain: object, most: int) -> None:
    if not isinstance(domain, str) or not domain:
        raise _refused(f"domainName {domain!r} must be a domain name.")
    if len(domain) > most:
        raise _refused(f"domainName has {len(domain)} characters, at most {most} are allowed.")
    if not all("!" <= character <= "~" for character in domain) or "/" in domain:
        raise _refused(f"domainName {domain!r} has characters that no domain name has.")


def _is_address(domain: str) -> bool:
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        return False
    return True


def _check_path(path: object) -> None:
    if not isinstance(path, str):
        raise _refused(f"path {path!r} must be a text.")
    if path and (not path.startswith("/") or path.endswith("/")):
        raise _refused(f"path {path!r} must begin with a slash and not end with one.")
    if not all("!" <= character <= "~" for character in path) or "?" in path or "#" in path:
        raise _refused(f"path {path!r} must be percent-encoded and have no query.")


def _custom_headers(
    returned: object, old: Mapping[str, Any], header_names: Collection[str]
) -> tuple[Pair, ...]:
    if returned is None:
        return ()
    try:
        pairs = header_rules.lines(returned)
    except InvalidResult as error:
        told = "One or more HeaderName or HeaderValue values are invalid."
        raise _refused(f"{told} {error.detail}") from error
    if returned != old.get("customHeaders"):
        for name in pairs:
            if (
                name in NOT_CUSTOM
                or name.startswith(NOT_CUSTOM_PREFIXES)
                or header_rules.is_disallowed(name)
            ):
                raise _refused(f"customHeaders may not have {name}.")
            if name in header_names:
                told = f"{name} is in customHeaders and in request.headers: give it once."
                raise _refused(told)
    return tuple(
        (key, header_rules.on_the_wire(value)) for same in pairs.values() for key, value in same
    )


def _refused(detail: str) -> InvalidResult:
    return InvalidResult(ORIGIN, detail)
