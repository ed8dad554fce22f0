"""CloudFront's figures in CloudWatch.

Source: CloudFront Developer Guide, "Types of metrics for CloudFront" (2026). All are in us-east-1,
with the dimensions ``DistributionId`` and ``Region`` (always ``Global``).
"""

from __future__ import annotations

from collections.abc import Iterator

from lambda_nb.engine.edge.figures import NAMESPACE, Figure
from lambda_nb.engine.edge.model import Visit
from lambda_nb.engine.edge.settings import Distribution

Figures = tuple[str, tuple[tuple[str, str, float], ...]]
"""The id of a distribution; name, unit and value of each figure of one of its requests."""

_DOWNLOADS = ("GET", "HEAD")
_UPLOADS = ("OPTIONS", "POST", "PUT")
_SINGLE_RATES = (401, 403, 404, 502, 503, 504)
_HITS = ("Hit", "RefreshHit")


def of(distribution: Distribution, visit: Visit) -> Figures:
    """One request's figures."""
    return distribution.id, tuple(figures(visit, distribution.additional_metrics))


def tell(counted: Figures, times: int, figure: Figure) -> None:
    """Tell of so many requests with the same figures."""
    identifier, told = counted
    dimensions = (("DistributionId", identifier), ("Region", "Global"))
    for name, unit, value in told:
        figure(NAMESPACE, name, dimensions, unit, value, times)


def figures(visit: Visit, additional: bool = False) -> Iterator[tuple[str, str, float]]:
    """Name, unit and value of each figure of a request.

    Rates are percentages: a request counts 0 or 100, and their average is the rate.

    Parameters
    ----------
    visit
        The request.
    additional
        Whether the distribution has a monitoring subscription: hit rate, origin latency and the
        rates of single statuses too.
    """
    status = visit.status
    yield "Requests", "None", 1.0
    if visit.method in _DOWNLOADS:
        yield "BytesDownloaded", "None", float(visit.response_bytes)
    elif visit.method in _UPLOADS:
        yield "BytesUploaded", "None", float(visit.request_bytes)
    yield "4xxErrorRate", "Percent", _percent(400 <= status < 500)
    yield "5xxErrorRate", "Percent", _percent(500 <= status < 600)
    yield "TotalErrorRate", "Percent", _percent(400 <= status < 600)
    if not additional:
        return
    for code in _SINGLE_RATES:
        yield f"{code}ErrorRate", "Percent", _percent(status == code)
    if visit.method in _DOWNLOADS and status < 400:
        yield "CacheHitRate", "Percent", _percent(visit.outcome in _HITS)
    if visit.origin_first_byte_s is not None:
        yield "OriginLatency", "Milliseconds", visit.first_byte_s * 1000


def _percent(true: bool) -> float:
    return 100.0 if true else 0.0
