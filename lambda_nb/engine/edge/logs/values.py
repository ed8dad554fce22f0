"""What a visit says in each field of the logs."""

from __future__ import annotations

import time
from functools import lru_cache

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Visit
from lambda_nb.engine.edge.settings import Distribution
from lambda_nb.rules.edge.locations import LOCATIONS
from lambda_nb.rules.edge.log_fields import cmcd_values

CLOSED_EARLY = "000"
"""The status of a request whose viewer hung up before there was a response."""


@lru_cache(maxsize=64)
def _second(epoch: int) -> tuple[str, str, str]:
    at = time.gmtime(epoch)
    return (
        time.strftime("%Y-%m-%d", at),
        time.strftime("%H:%M:%S", at),
        time.strftime("%Y-%m-%d-%H", at),
    )


def hour_of(visit: Visit) -> str:
    """The hour (UTC) in which a request ended, as files of logs are named."""
    return _second(int(visit.begun + visit.taken_s))[2]


def size_of(headers: Headers) -> int:
    """Bytes of the headers on the wire."""
    return sum(len(name) + len(value) + 4 for name, value in headers)


def _pop(code: str) -> str:
    return LOCATIONS[code].pop if code in LOCATIONS else code


def _seconds(length: float | None) -> str:
    return "" if length is None else f"{length:.3f}"


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _common(visit: Visit) -> dict[str, str]:
    asked, answered, viewer = visit.request_headers, visit.response_headers, visit.viewer
    https = viewer.protocol in ("https", "wss", "grpcs")
    return {
        "x-edge-location": _pop(viewer.location),
        "sc-bytes": str(visit.response_bytes),
        "c-ip": viewer.ip,
        "cs-method": visit.method,
        "cs-uri-stem": visit.uri,
        "sc-status": str(visit.status) if visit.status else CLOSED_EARLY,
        "cs-uri-query": visit.querystring,
        "x-edge-result-type": visit.outcome,
        "x-edge-request-id": viewer.request_id,
        "cs-protocol": viewer.protocol,
        "cs-bytes": str(visit.request_bytes),
        "time-taken": _seconds(visit.taken_s),
        "x-forwarded-for": asked.joined("X-Forwarded-For") or "",
        "ssl-protocol": visit.ssl_protocol if https else "",
        "ssl-cipher": visit.ssl_cipher if https else "",
        "x-edge-response-result-type": visit.before_sent,
        "cs-protocol-version": visit.http_version,
        "c-port": str(viewer.port),
        "time-to-first-byte": _seconds(visit.first_byte_s),
        "x-edge-detailed-result-type": visit.detail or visit.outcome,
        "sc-content-type": answered.get("Content-Type") or "",
        "sc-content-len": answered.get("Content-Length") or "",
        "sc-range-start": _number(visit.range_start),
        "sc-range-end": _number(visit.range_end),
    }


def standard_values(distribution: Distribution, visit: Visit, cookies: bool) -> dict[str, str]:
    """The values of a standard log's fields; those that say nothing are missing or empty."""
    asked = visit.request_headers
    day, at, _ = _second(int(visit.begun + visit.taken_s))
    return _common(visit) | {
        "date": day,
        "time": at,
        "cs(Host)": distribution.domain,
        "x-host-header": visit.host,
        "cs(Referer)": asked.get("Referer") or "",
        "cs(User-Agent)": asked.get("User-Agent") or "",
        "cs(Cookie)": "; ".join(asked.all("Cookie")) if cookies else "",
    }


def realtime_values(distribution: Distribution, visit: Visit) -> dict[str, str]:
    """The values of a real-time log's fields; those that say nothing are missing or empty.

    ``asn`` and what field-level encryption, media quality scores and tenants would say is never
    known here.
    """
    asked, viewer = visit.request_headers, visit.viewer
    origin = distribution.origins.get(visit.origin_id)
    query = f"?{visit.querystring}" if visit.querystring else ""
    return (
        _common(visit)
        | cmcd_values(visit.querystring, list(asked))
        | {
            "timestamp": f"{visit.begun + visit.taken_s:.3f}",
            "s-ip": "127.0.0.1",
            "cs-host": visit.host,
            "cs-uri-stem": f"{visit.uri}{query}",
            "x-host-header": distribution.domain,
            "c-ip-version": "IPv6" if ":" in viewer.ip else "IPv4",
            "cs-user-agent": asked.get("User-Agent") or "",
            "cs-referer": asked.get("Referer") or "",
            "cs-cookie": "; ".join(asked.all("Cookie")),
            "c-country": viewer.country,
            "cs-accept-encoding": asked.get("Accept-Encoding") or "",
            "cs-accept": asked.get("Accept") or "",
            "cache-behavior-path-pattern": visit.behaviour,
            "cs-headers": "".join(f"{name}:{value}\n" for name, value in asked),
            "cs-header-names": "".join(f"{name}\n" for name, _ in asked),
            "cs-headers-count": str(len(asked)),
            "origin-fbl": _seconds(visit.origin_first_byte_s),
            "origin-lbl": _seconds(visit.origin_last_byte_s),
            "r-host": "" if origin is None else origin.domain,
        }
    )
