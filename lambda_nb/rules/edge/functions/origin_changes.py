"""Origins that a CloudFront Function chose, checked.

CloudFront Developer Guide, helper-functions-origin-modification, 2026.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.rules.edge.functions.invalid_values import InvalidOrigin
from lambda_nb.rules.edge.triggers.headers import capitalised, is_disallowed, kind, on_the_wire
from lambda_nb.rules.edge.triggers.origins import NOT_CUSTOM, NOT_CUSTOM_PREFIXES
from lambda_nb.rules.edge.wire_text import HEADER_NAME, NOT_IN_PATH, NOT_IN_VALUES
from lambda_nb.rules.quotas import (
    CF_CONNECTION_ATTEMPTS_MAX,
    CF_CONNECTION_TIMEOUT_MAX_S,
    EDGE_CUSTOM_DOMAIN_CHARACTERS,
    EDGE_ORIGIN_PATH_CHARACTERS,
    EDGE_ORIGIN_TIMEOUT_S,
)

_BEHAVIOURS = ("always", "never", "no-override")
_TYPES = ("s3", "mediapackagev2", "mediastore", "lambda")
_SSL = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2")
_NAMES_MOST, _NAME_CHARACTERS = 20, 64
_FAILOVER = (400, 403, 404, 416, 429, 500, 502, 503, 504)
"""Statuses that may be criteria (guide, high_availability_origin_failover)."""


@dataclass(frozen=True, slots=True)
class OriginChange:
    """What becomes of the origin of a request.

    ``select`` has the ids of origins of the distribution: one, or the two of a group with its
    ``statuses``; none if the behaviour's own origin is changed. ``settings`` has, for each of them,
    the settings that differ, by the names that ``engine.edge.settings.Origin`` gives them.
    """

    select: tuple[str, ...] = ()
    settings: tuple[Mapping[str, Any], ...] = ({},)
    statuses: frozenset[int] = frozenset()


def change(told: Mapping[str, Any]) -> OriginChange:
    """What a function told CloudFront about its origin.

    Parameters
    ----------
    told
        ``update`` with the properties of ``updateRequestOrigin()``; or ``select`` and ``overrides``
        of ``selectRequestOriginById()``; or ``group`` of ``createRequestOriginGroup()``.

    Raises
    ------
    InvalidOrigin
        It cannot be so.
    """
    if "select" in told:
        return OriginChange((_id(told["select"]),), (_overrides(told.get("overrides", {})),))
    if "group" in told:
        return _group(_object(told["group"], "createRequestOriginGroup()"))
    return OriginChange((), (_update(_object(told.get("update"), "updateRequestOrigin()")),))


def _group(group: Mapping[str, Any]) -> OriginChange:
    members = group.get("originIds")
    if not isinstance(members, list) or len(members) != 2:
        raise InvalidOrigin(f"originIds is {members!r}: name two origins.")
    ids, overrides = [], []
    for member in members:
        if isinstance(member, str):
            ids.append(member)
            overrides.append(_overrides(group.get("originOverrides", {})))
            continue
        told = _object(member, "an item of originIds")
        ids.append(_id(told.get("originId")))
        overrides.append(_overrides(told.get("originOverrides", {})))
    criteria = group.get("failoverCriteria")
    statuses = criteria.get("statusCodes") if isinstance(criteria, Mapping) else criteria
    if not isinstance(statuses, list) or not statuses or any(s not in _FAILOVER for s in statuses):
        allowed = ", ".join(map(str, _FAILOVER))
        raise InvalidOrigin(f"failoverCriteria is {criteria!r}: name status codes of {allowed}.")
    chosen = group.get("selectionCriteria", "default")
    if chosen != "default":
        raise InvalidOrigin(
            f"selectionCriteria is {chosen!r}: no origin here has a media quality score; only "
            "'default' works."
        )
    return OriginChange(tuple(ids), tuple(overrides), frozenset(statuses))


def _id(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidOrigin(f"The id of an origin is {value!r}: name one of the distribution's.")
    return value


def _overrides(told: object) -> dict[str, Any]:
    members = _object(told, "originOverrides")
    return {
        name: read(members[given], given) for given, name, read in _OVERRIDES if given in members
    }


def _update(members: Mapping[str, Any]) -> dict[str, Any]:
    made = _overrides(members)
    if "domainName" in members:
        made["domain"] = _host(members["domainName"], "domainName")
    if "originPath" in members:
        made["path"] = _path(members["originPath"])
    if "customHeaders" in members:
        made["custom_headers"] = _headers(_object(members["customHeaders"], "customHeaders"))
    if "connectionAttempts" in members:
        most = CF_CONNECTION_ATTEMPTS_MAX.value
        made["connection_attempts"] = int(_number(members, "connectionAttempts", most))
    if "originAccessControlConfig" in members:
        made |= _signing(_object(members["originAccessControlConfig"], "originAccessControlConfig"))
    if "timeouts" in members:
        made |= _timeouts(_object(members["timeouts"], "timeouts"))
    if "customOriginConfig" in members:
        made |= _connection(_object(members["customOriginConfig"], "customOriginConfig"))
    if "originShield" in members:
        _shield(_object(members["originShield"], "originShield"))
    return made


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidOrigin(f"{where} is {kind(value)}: give an object.")
    return value


def _host(value: object, where: str) -> str:
    most = EDGE_CUSTOM_DOMAIN_CHARACTERS.value
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9._-]+", value):
        raise InvalidOrigin(f"{where} is {value!r}: give a DNS name, without a colon.")
    if len(value) > most:
        raise InvalidOrigin(f"{where} has {len(value)} characters; at most {most} are allowed.")
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return value
    raise InvalidOrigin(f"{where} is {value!r}, an IP address: give a DNS name.")


def _names(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _NAMES_MOST:
        raise InvalidOrigin(f"{where} is {value!r}: give an array of at most {_NAMES_MOST} names.")
    for name in value:
        if not isinstance(name, str) or not 0 < len(name) <= _NAME_CHARACTERS:
            raise InvalidOrigin(f"{where} has {name!r}: at most {_NAME_CHARACTERS} characters.")
    return tuple(value)


_OVERRIDES: tuple[tuple[str, str, Callable[[object, str], Any]], ...] = (
    ("hostHeader", "host_header", _host),
    ("sni", "sni", _host),
    ("allowedCertificateNames", "certificate_names", _names),
)


def _path(value: object) -> str:
    most = EDGE_ORIGIN_PATH_CHARACTERS.value
    if not isinstance(value, str) or (value and (value[0] != "/" or value[-1] == "/")):
        raise InvalidOrigin(f"originPath is {value!r}: it begins with a slash and ends with none.")
    if len(value) > most:
        raise InvalidOrigin(f"originPath has {len(value)} characters; at most {most} are allowed.")
    if NOT_IN_PATH.search(value):
        raise InvalidOrigin(f"originPath is {value!r}: percent-encode it, and give it no query.")
    return value


def _headers(members: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    for name, value in members.items():
        if name != name.lower() or not isinstance(value, str):
            raise InvalidOrigin(
                f"customHeaders has {name!r}: {value!r}: names are in lower case, values strings."
            )
        if HEADER_NAME.fullmatch(name) is None or NOT_IN_VALUES.search(value):
            raise InvalidOrigin(f"customHeaders has {name!r}: {value!r}, which no header can be.")
        if is_disallowed(name) or name in NOT_CUSTOM or name.startswith(NOT_CUSTOM_PREFIXES):
            raise InvalidOrigin(f"customHeaders has {name}, which CloudFront sets: take it out.")
    return tuple((capitalised(name), on_the_wire(value)) for name, value in members.items())


def _number(members: Mapping[str, Any], name: str, most: int) -> float:
    value = members[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= most:
        raise InvalidOrigin(f"{name} is {value!r}: it must be from 1 to {most}.")
    return float(value)


def _signing(members: Mapping[str, Any]) -> dict[str, Any]:
    if members.get("enabled") is not True:
        if members.get("enabled") is False:
            return {"signing_behaviour": "never", "signing_service": ""}
        raise InvalidOrigin("originAccessControlConfig.enabled must be true or false.")
    for name, allowed in (
        ("signingBehavior", _BEHAVIOURS),
        ("signingProtocol", ("sigv4",)),
        ("originType", _TYPES),
    ):
        if members.get(name) not in allowed:
            raise InvalidOrigin(
                f"originAccessControlConfig.{name} is {members.get(name)!r}: "
                f"it must be {' or '.join(allowed)}."
            )
    made = {
        "signing_behaviour": members["signingBehavior"],
        "signing_service": members["originType"],
    }
    if isinstance(members.get("region"), str):
        made["region"] = members["region"]
    return made


def _timeouts(members: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for given, name, most in (
        ("readTimeout", "read_timeout_s", EDGE_ORIGIN_TIMEOUT_S.value),
        ("keepAliveTimeout", "keepalive_timeout_s", EDGE_ORIGIN_TIMEOUT_S.value),
        ("connectionTimeout", "connection_timeout_s", CF_CONNECTION_TIMEOUT_MAX_S.value),
    ):
        if given in members:
            made[name] = _number(members, given, most)
    if "responseCompletionTimeout" in members:
        whole = members["responseCompletionTimeout"]
        least = made.get("read_timeout_s", 1.0)
        if isinstance(whole, bool) or not isinstance(whole, int | float) or whole < least:
            raise InvalidOrigin(
                f"responseCompletionTimeout is {whole!r}: it must be at least readTimeout."
            )
        made["completion_timeout_s"] = float(whole)
    return made


def _connection(members: Mapping[str, Any]) -> dict[str, Any]:
    port, protocol = members.get("port"), members.get("protocol")
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        raise InvalidOrigin(f"customOriginConfig.port is {port!r}: it must be a port.")
    if protocol not in ("http", "https"):
        raise InvalidOrigin(f"customOriginConfig.protocol is {protocol!r}: http or https.")
    ssl = members.get("sslProtocols")
    if not isinstance(ssl, list) or not ssl or any(one not in _SSL for one in ssl):
        raise InvalidOrigin(f"customOriginConfig.sslProtocols is {ssl!r}: of {', '.join(_SSL)}.")
    return {
        "protocol_policy": f"{protocol}-only",
        "http_port" if protocol == "http" else "https_port": port,
        "ssl_protocols": tuple(ssl),
    }


def _shield(members: Mapping[str, Any]) -> None:
    """Origin Shield changes nothing here, but a function must state it as CloudFront wants it."""
    enabled = members.get("enabled")
    if not isinstance(enabled, bool) or (enabled and not isinstance(members.get("region"), str)):
        raise InvalidOrigin(f"originShield is {dict(members)!r}: state enabled, and a region.")
