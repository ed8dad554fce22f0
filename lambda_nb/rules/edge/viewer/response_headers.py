"""What a response headers policy makes of a response's headers.

CloudFront Developer Guide, "Understand response headers policies" and "Use managed response headers
policies", 2026. A policy adds headers to responses; it answers no request itself, so a preflight
request must still reach an origin that answers ``OPTIONS`` with a status below 300.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from lambda_nb.rules.edge.viewer import wildcards

Pairs = list[tuple[str, str]]

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""What ``ALL`` among the allowed methods stands for."""

_CORS = "access-control-"


class CorsRules(Protocol):
    """The CORS part of a policy; times in seconds."""

    @property
    def allow_origins(self) -> tuple[str, ...]:
        """Origins, with stars."""

    @property
    def allow_methods(self) -> tuple[str, ...]:
        """Methods, or ``ALL``."""

    @property
    def allow_headers(self) -> tuple[str, ...]:
        """Names of request headers, with stars."""

    @property
    def expose_headers(self) -> tuple[str, ...]:
        """Names of response headers."""

    @property
    def allow_credentials(self) -> bool:
        """Whether cookies may be sent."""

    @property
    def max_age_s(self) -> int | None:
        """How long a browser may remember a preflight request's answer."""

    @property
    def override(self) -> bool:
        """Whether the origin's CORS headers give way."""


class Policy(Protocol):
    """A response headers policy."""

    @property
    def cors(self) -> CorsRules | None:
        """Its CORS part."""

    @property
    def headers(self) -> tuple[tuple[str, str, bool], ...]:
        """Name, value and whether the origin's gives way."""

    @property
    def remove(self) -> frozenset[str]:
        """Names of headers that go."""


@dataclass(frozen=True, slots=True)
class CorsRequest:
    """What a request says of another origin; ``origin`` is its ``Origin`` header."""

    method: str
    origin: str | None = None
    asked_method: str | None = None
    asked_headers: str | None = None

    @property
    def preflight(self) -> bool:
        """Whether a browser asks if it may ask."""
        return self.method == "OPTIONS" and self.asked_method is not None


def applied(policy: Policy, headers: Iterable[tuple[str, str]], request: CorsRequest) -> Pairs:
    """A response's headers by a policy: some are removed first, then others are added."""
    gone = {name.lower() for name in policy.remove}
    told = [pair for pair in headers if pair[0].lower() not in gone]
    if policy.cors is not None:
        told = _with_cors(policy.cors, told, request)
    for name, value, override in policy.headers:
        if override:
            told = _without(told, {name.lower()})
        elif any(given.lower() == name.lower() for given, _ in told):
            continue
        told.append((name, value))
    return told


def cors_headers(cors: CorsRules, request: CorsRequest) -> Pairs:
    """The CORS headers that a policy has for a request: none if it is not from an allowed origin.

    ``Access-Control-Allow-Methods``, ``-Allow-Headers`` and ``-Max-Age`` answer preflight requests
    only.
    """
    origin = request.origin
    if not origin:
        return []
    found: Pairs = []
    if "*" in cors.allow_origins:
        found.append(("Access-Control-Allow-Origin", "*"))
    elif any(is_allowed_origin(pattern, origin) for pattern in cors.allow_origins):
        found += [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
    else:
        return []
    if cors.allow_credentials:
        found.append(("Access-Control-Allow-Credentials", "true"))
    if request.preflight:
        methods = ALL_METHODS if "ALL" in cors.allow_methods else cors.allow_methods
        if methods:
            found.append(("Access-Control-Allow-Methods", ", ".join(methods)))
        allowed = _allowed_headers(cors.allow_headers, request.asked_headers or "")
        if allowed:
            found.append(("Access-Control-Allow-Headers", ", ".join(allowed)))
        if cors.max_age_s is not None:
            found.append(("Access-Control-Max-Age", str(cors.max_age_s)))
    if cors.expose_headers:
        found.append(("Access-Control-Expose-Headers", ", ".join(cors.expose_headers)))
    return found


def is_allowed_origin(pattern: str, origin: str) -> bool:
    """Whether an allowed origin of a policy fits a request's ``Origin``.

    A pattern without a protocol fits every protocol; one without a port no origin that has one.

    Examples
    --------
    >>> is_allowed_origin("*.example.org", "https://a.b.example.org")
    True
    >>> is_allowed_origin("http://example.org:*", "http://example.org")
    True
    """
    scheme, host, port = _parts(pattern.lower())
    given_scheme, given_host, given_port = _parts(origin.lower())
    if scheme not in ("", given_scheme) or not wildcards.matches(host, given_host, one=""):
        return False
    if not port or not given_port:
        return port in (given_port, "*")
    return wildcards.matches(port, given_port, one="")


@dataclass(frozen=True, slots=True)
class Timing:
    """What ``Server-Timing`` tells of a response; times in milliseconds.

    ``upstream_fbl_ms`` is ``None`` if no origin was asked; ``layer`` is where the object was, or
    who asked the origin.
    """

    outcome: Literal["hit", "refresh", "miss"]
    pop: str
    request_id: str
    downstream_fbl_ms: float
    upstream_dns_ms: float = 0.0
    upstream_connect_ms: float = 0.0
    upstream_fbl_ms: float | None = None
    layer: Literal["EDGE", "REC", "Origin Shield"] = "EDGE"


def tells_timing(percentage: float | None, pragma: str | None, drawn: float) -> bool:
    """Whether a response gets a ``Server-Timing`` header.

    Parameters
    ----------
    percentage
        The policy's sampling rate, 0 to 100; ``None`` if it is not enabled.
    pragma
        The request's ``Pragma``: ``server-timing`` asks for the header, whatever the rate.
    drawn
        A random number from 0 to below 1.
    """
    if percentage is None:
        return False
    asked = (word.strip().lower() for word in (pragma or "").split(","))
    return drawn * 100 < percentage or "server-timing" in asked


def server_timing(timing: Timing, of_origin: str | None = None) -> str:
    """The value of ``Server-Timing``.

    Parameters
    ----------
    of_origin
        The origin's own value; it is kept unless the response is a hit.

    Examples
    --------
    >>> server_timing(Timing("hit", "FRA50-C1", "a==", 3))
    'cdn-cache-hit,cdn-pop;desc="FRA50-C1",cdn-rid;desc="a==",cdn-hit-layer;desc="EDGE",\
cdn-downstream-fbl;dur=3'
    """
    told = []
    if timing.upstream_fbl_ms is not None:
        told += [
            f'cdn-upstream-layer;desc="{timing.layer}"',
            f"cdn-upstream-dns;dur={timing.upstream_dns_ms:.0f}",
            f"cdn-upstream-connect;dur={timing.upstream_connect_ms:.0f}",
            f"cdn-upstream-fbl;dur={timing.upstream_fbl_ms:.0f}",
        ]
    told += [
        f"cdn-cache-{timing.outcome}",
        f'cdn-pop;desc="{timing.pop}"',
        f'cdn-rid;desc="{timing.request_id}"',
    ]
    if timing.outcome == "hit":
        told.append(f'cdn-hit-layer;desc="{timing.layer}"')
    told.append(f"cdn-downstream-fbl;dur={timing.downstream_fbl_ms:.0f}")
    if of_origin and timing.outcome != "hit":
        told.append(of_origin)
    return ",".join(told)


def _with_cors(cors: CorsRules, told: Pairs, request: CorsRequest) -> Pairs:
    if not cors.override and any(name.lower().startswith(_CORS) for name, _ in told):
        return told
    added = cors_headers(cors, request)
    told = _without(told, {name.lower() for name, _ in added if name != "Vary"})
    for name, value in added:
        if name != "Vary" or not _varies_by(told, value):
            told.append((name, value))
    return told


def _varies_by(told: Pairs, field: str) -> bool:
    named = {
        part.strip().lower()
        for name, value in told
        if name.lower() == "vary"
        for part in value.split(",")
    }
    return bool(named & {"*", field.lower()})


def _without(told: Pairs, names: Collection[str]) -> Pairs:
    return [pair for pair in told if pair[0].lower() not in names]


def _allowed_headers(patterns: Sequence[str], asked: str) -> list[str]:
    """What ``Access-Control-Allow-Headers`` lists: of a pattern, the asked names that fit it."""
    wanted = [name.strip() for name in asked.split(",") if name.strip()]
    found: list[str] = []
    for pattern in patterns:
        if pattern == "*" or "*" not in pattern:
            names = [pattern]
        else:
            names = [
                name
                for name in wanted
                if name.lower() != "authorization"
                and wildcards.matches(pattern.lower(), name.lower(), one="")
            ]
        found += [name for name in names if name not in found]
    return found


def _parts(origin: str) -> tuple[str, str, str]:
    """Protocol, host and port of an origin or a pattern of one; empty what is not there."""
    scheme, found, rest = origin.partition("://")
    if not found:
        scheme, rest = "", origin
    host, colon, port = rest.rpartition(":")
    # The last colon of an IPv6 address stands inside its brackets.
    if not colon or port.endswith("]"):
        host, port = rest, ""
    return scheme, host, port
