"""How long CloudFront may use an answer of an origin: from its headers, and the TTLs of a policy.

Rules: CloudFront Developer Guide, pages "Expiration", "HTTPStatusCodes" and
"RequestAndResponseBehaviorCustomOrigin" (2026); where they say nothing, RFC 9111.

CloudFront differs from the RFC where its guide says so. An answer with ``no-cache``, ``no-store``
or ``private`` is kept: not used while the origin answers, but used when it fails. ``s-maxage`` does
not forbid stale use. ``Vary`` makes no variants: only the cache key tells objects apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lambda_nb.rules.edge.caching.cache_control import Directives, directives
from lambda_nb.rules.edge.viewer import http_dates

Pairs = Sequence[tuple[str, str]]

KEPT_ERRORS = frozenset({404, 414, 500, 501, 502, 503, 504})
"""Errors that are cached (HTTPStatusCodes, 2026)."""
KEPT_ERRORS_IF_TOLD = frozenset({400, 403, 405, 412, 415})
"""Errors that are cached if the origin sends ``max-age`` or ``s-maxage`` (same page)."""
_RESOLUTION = 1.0
"""Seconds that a date covers: within them an answer counts as new."""


@dataclass(frozen=True, slots=True)
class Ttls:
    """The times of a cache policy, and of error caching for the status at hand; seconds."""

    least: float
    default: float
    most: float
    errors: float

    @property
    def disabled(self) -> bool:
        """Whether nothing is cached: all are 0 (cache-key-understand-cache-policy, 2026)."""
        return self.least == self.default == self.most == 0


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long an answer may be used; all in seconds.

    Attributes
    ----------
    age
        How old it was when it came.
    fresh
        How long it is fresh from then on; 0 for never.
    stale_while_revalidate, stale_if_error
        How long after that it may be used while the origin is asked, and when the origin fails.
    conditional
        Whether the origin may be asked if it has changed.
    """

    age: float
    fresh: float
    stale_while_revalidate: float = 0.0
    stale_if_error: float = 0.0
    conditional: bool = True


def lifetime(
    status: int, headers: Pairs, ttls: Ttls, asked: float, came: float, *, secret: bool = False
) -> Lifetime | None:
    """How long the answer to a GET, a HEAD or a cached OPTIONS may be used.

    Parameters
    ----------
    status, headers
        The answer, as it came from the origin.
    ttls
        Of the behaviour's cache policy.
    asked, came
        When the origin was asked, and when the answer's head came: seconds of the epoch.
    secret
        Whether the origin got an ``Authorization`` that is not part of the cache key.

    Returns
    -------
    Lifetime or None
        ``None`` if it is not stored.
    """
    if ttls.disabled or status < 200 or status == 304:
        return None
    said = directives(_all(headers, "cache-control"))
    # RFC 9111, 3.5: shared with others only if the origin says so.
    if secret and not (said.public or said.must_revalidate or said.s_maxage is not None):
        return None
    age = age_on_arrival(headers, asked, came)
    if status >= 400:
        return _of_error(status, said, ttls, age)
    fresh = _fresh(headers, said, ttls, age, came)
    conditional = True
    if ttls.least == 0 and varies_with_everything(headers):
        fresh, conditional = 0.0, False
    if said.must_revalidate:
        return Lifetime(age, fresh, conditional=conditional)
    most = max(ttls.least, ttls.most)
    usable = most if said.stale_if_error is None else min(said.stale_if_error, most)
    meanwhile = 0.0 if said.restricted else min(said.stale_while_revalidate or 0.0, most)
    return Lifetime(age, fresh, meanwhile if conditional else 0.0, usable, conditional)


def _of_error(status: int, said: Directives, ttls: Ttls, age: float) -> Lifetime | None:
    if status not in KEPT_ERRORS | KEPT_ERRORS_IF_TOLD:
        return None
    told = None if said.lifetime is None else min(said.lifetime, ttls.most) - age
    if status < 500:
        if status in KEPT_ERRORS_IF_TOLD and told is None:
            return None
        if said.restricted and ttls.least == 0:
            return None
    fresh = max(ttls.errors, told or 0.0)
    return Lifetime(age, fresh) if fresh > 0 else None


def _fresh(headers: Pairs, said: Directives, ttls: Ttls, age: float, came: float) -> float:
    if said.restricted:
        return ttls.least
    told = said.lifetime
    if told is None:
        expires = _first(headers, "expires")
        if expires is None:
            return max(ttls.least, ttls.default)
        until = _seconds_of(expires)
        told = 0.0 if until is None else until - _date(headers, came)
    return max(ttls.least, min(told - age, ttls.most), 0.0)


def age_on_arrival(headers: Pairs, asked: float, came: float) -> float:
    """The corrected initial age (RFC 9111, 4.2.3), in seconds.

    Parameters
    ----------
    headers
        With ``Age`` and ``Date`` as the origin sent them.
    asked, came
        When the origin was asked, and when the answer's head came: seconds of the epoch.
    """
    apparent = max(0.0, came - _date(headers, came) - _RESOLUTION)
    said = (_first(headers, "age") or "").split(",")[0].strip()
    # An age that is no whole number is ignored (RFC 9111, 5.1); one of many digits is very old.
    known = float(said[:30]) if said.isascii() and said.isdigit() else 0.0
    return max(apparent, known + max(0.0, came - asked))


def varies_with_everything(headers: Pairs) -> bool:
    """Whether ``Vary`` has a ``*``."""
    return any(
        member.strip() == "*" for value in _all(headers, "vary") for member in value.split(",")
    )


def _date(headers: Pairs, came: float) -> float:
    """The origin's ``Date``; without a valid one, when the answer came (RFC 9110, 6.6.1)."""
    said = _first(headers, "date")
    found = None if said is None else _seconds_of(said)
    return came if found is None else found


def _seconds_of(date: str) -> float | None:
    """A date whose letters may be of the wrong case."""
    return http_dates.seconds(date.title().replace("Gmt", "GMT"))


def _all(headers: Pairs, name: str) -> list[str]:
    return [value for given, value in headers if given.lower() == name]


def _first(headers: Pairs, name: str) -> str | None:
    return next((value for given, value in headers if given.lower() == name), None)
