"""Distributions before distributions, perhaps in a circle: ``CDN-Loop`` shows how many there were.

RFC 8586 has the header; CloudFront sends it (its guide lists it among those that no function may
change). Each distribution adds its own id. Two may be in a row, and more are refused (CloudFront
Developer Guide, "Quotas"): so a circle ends as well.
"""

from __future__ import annotations

import re

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.quotas import CHAINED_DISTRIBUTIONS

HEADER = "CDN-Loop"
TOO_MANY = 403
"""The status for a request that has passed more distributions than may be in a row."""

_OURS = re.compile(r"\s*CloudFront\s*;\s*distribution=(\w+)\s*", re.IGNORECASE)


def passed(headers: Headers) -> list[str]:
    """The ids of the distributions that have passed a request on.

    Examples
    --------
    >>> headers = Headers([("CDN-Loop", "other.example, CloudFront;distribution=E1")])
    >>> add(headers, "E2")
    >>> passed(headers)
    ['E1', 'E2']
    """
    entries = (headers.joined(HEADER) or "").split(",")
    return [found[1] for entry in entries if (found := _OURS.fullmatch(entry))]


def is_full(headers: Headers) -> bool:
    """Whether no further distribution may pass a request on."""
    return len(passed(headers)) >= CHAINED_DISTRIBUTIONS.value


def add(headers: Headers, distribution_id: str) -> None:
    """Note on a request that a distribution passes it on."""
    before = headers.joined(HEADER)
    entry = f"CloudFront;distribution={distribution_id}"
    headers.set(HEADER, f"{before}, {entry}" if before else entry)
