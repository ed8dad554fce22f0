"""What CloudFront charges: prices by area, and the lines of a bill.

Prices: aws.amazon.com/cloudfront/pricing, pay as you go, 2026. The prices of requests outside the
United States are from memory of that page and are to be checked. Usage of an area is tiered by
itself; the free tier is of the whole account. What comes from an AWS origin is free. Lambda@Edge
has its price book in :mod:`lambda_nb.rules.pricing`. All money is US dollars.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lambda_nb.rules.pricing import tiered

BYTES_PER_GB = float(1 << 30)

_LIMITS_GB = (10_240.0, 51_200.0, 153_600.0, 512_000.0, 1_048_576.0, 5_242_880.0, math.inf)
"""10 TB, then 40, 100, 350 and 524 TB, 4 PB, and beyond."""
_TRANSFER = {
    "NA": (0.085, 0.080, 0.060, 0.040, 0.030, 0.025, 0.020),
    "EU": (0.085, 0.080, 0.060, 0.040, 0.030, 0.025, 0.020),
    "ME": (0.110, 0.105, 0.090, 0.080, 0.060, 0.050, 0.040),
    "SA": (0.110, 0.105, 0.090, 0.080, 0.060, 0.050, 0.040),
    "JP": (0.114, 0.089, 0.086, 0.084, 0.080, 0.070, 0.060),
    "AU": (0.114, 0.098, 0.094, 0.092, 0.090, 0.085, 0.080),
    "AP": (0.120, 0.100, 0.095, 0.090, 0.080, 0.070, 0.060),
    "IN": (0.109, 0.085, 0.082, 0.080, 0.078, 0.075, 0.072),
}
TRANSFER: Mapping[str, tuple[tuple[float, float], ...]] = {
    area: tuple(zip(_LIMITS_GB, prices, strict=True)) for area, prices in _TRANSFER.items()
}
"""Dollars for a GB to viewers, in tiers ``(GB a month, price)``, by area of
:data:`lambda_nb.rules.edge.locations.PRICE_AREAS`."""

REQUESTS: Mapping[str, tuple[float, float]] = {
    "NA": (0.75e-6, 1.00e-6),
    "EU": (0.90e-6, 1.20e-6),
    "ME": (0.90e-6, 1.20e-6),
    "SA": (1.60e-6, 2.20e-6),
    "JP": (0.90e-6, 1.20e-6),
    "AU": (0.90e-6, 1.25e-6),
    "AP": (0.90e-6, 1.20e-6),
    "IN": (0.90e-6, 1.20e-6),
}
"""Dollars for a request by HTTP and by HTTPS, by area."""

FUNCTION = 0.10e-6
"""Dollars for an invocation of a CloudFront Function."""
KEY_VALUE_READ = 0.03e-6
"""Dollars for a read of a KeyValueStore by a function."""
REALTIME_LINE = 0.01e-6
"""Dollars for a line of real-time logs."""
INVALIDATION_PATH = 0.005
"""Dollars for a path of an invalidation, beyond the free ones."""

FREE_GB = 1_024.0
FREE_REQUESTS = 10e6
FREE_FUNCTIONS = 2e6
FREE_KEY_VALUE_READS = 2e6
FREE_INVALIDATION_PATHS = 1_000.0
"""The free tier of each month, which does not end."""


@dataclass(frozen=True, slots=True)
class AreaUsage:
    """What the locations of one area served in a month: requests, and GB sent to viewers."""

    http: float = 0.0
    https: float = 0.0
    gb: float = 0.0


def bill(
    areas: Mapping[str, AreaUsage],
    *,
    functions: float = 0.0,
    key_value_reads: float = 0.0,
    realtime_lines: float = 0.0,
    invalidation_paths: float = 0.0,
    free_tier: bool = False,
) -> dict[str, float]:
    """The lines of a month's bill, in dollars; lines without usage are left out.

    Parameters
    ----------
    areas
        Usage by area.
    functions, key_value_reads
        Invocations of CloudFront Functions, and their reads of KeyValueStores.
    realtime_lines
        Lines of real-time logs.
    invalidation_paths
        Paths that were invalidated.
    free_tier
        Whether the month's free tier is still whole. Invalidations have theirs always.

    Raises
    ------
    ValueError
        There is no such area.

    Examples
    --------
    >>> lines = bill({"EU": AreaUsage(http=1e6, gb=10)})
    >>> {name: round(dollars, 6) for name, dollars in lines.items()}
    {'requests': 0.9, 'transfer': 0.85}
    """
    unknown = areas.keys() - TRANSFER.keys()
    if unknown:
        raise ValueError(f"no prices for area {min(unknown)!r}; there are {', '.join(TRANSFER)}")
    asked = sum(usage.http + usage.https for usage in areas.values())
    sent = sum(usage.gb for usage in areas.values())
    # AWS does not say which area's usage the free tier covers first: all alike.
    paid_requests = _paid_share(asked, FREE_REQUESTS if free_tier else 0.0)
    paid_gb = _paid_share(sent, FREE_GB if free_tier else 0.0)
    lines = {
        "requests": paid_requests
        * sum(u.http * REQUESTS[a][0] + u.https * REQUESTS[a][1] for a, u in areas.items()),
        "transfer": sum(tiered(u.gb * paid_gb, TRANSFER[a]) for a, u in areas.items()),
        "functions": _beyond(functions, FREE_FUNCTIONS, free_tier) * FUNCTION,
        "key value reads": _beyond(key_value_reads, FREE_KEY_VALUE_READS, free_tier)
        * KEY_VALUE_READ,
        "real-time logs": realtime_lines * REALTIME_LINE,
        "invalidations": _beyond(invalidation_paths, FREE_INVALIDATION_PATHS, True)
        * INVALIDATION_PATH,
    }
    return {name: dollars for name, dollars in lines.items() if dollars or name == "requests"}


def _paid_share(used: float, free: float) -> float:
    return max(0.0, used - free) / used if used else 0.0


def _beyond(used: float, free: float, given: bool) -> float:
    return max(0.0, used - free) if given else used
