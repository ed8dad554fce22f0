"""What Lambda charges: price books as data, and the lines of a bill.

Prices: AWS Lambda pricing page, us-east-1, as of 2026 (facts/scaling-and-cost.md section 4); older
ones are in :data:`BOOKS`. All money is US dollars; sizes are GB of 1024 MB.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

_T = TypeVar("_T")

MB_PER_GB = 1024.0
FREE_STORAGE_MB = 512
"""MB of ``/tmp`` that are free; AWS charges for more."""
FREE_STREAMED_MB = 6.0
"""MB of each streamed response that are free; AWS charges for more."""
SNAPSHOT_LEAST_S = 10_800.0
"""Seconds: AWS charges for at least this time of keeping a snapshot."""
PROVISIONED_STEP_S = 300.0
"""Provisioned concurrency is charged in steps of five minutes."""

Tiers = tuple[tuple[float, float], ...]
"""``(upper limit, price per unit)``, ascending; the last limit is infinite."""


@dataclass(frozen=True, slots=True)
class PriceBook:
    """One list of prices.

    Attributes
    ----------
    source, since
        Where the prices are from, and from which day they hold.
    request
        Dollars for a request.
    duration
        Dollars for a GB-s, in tiers by GB-s a month, by architecture.
    storage
        Dollars for a GB-s of ``/tmp`` beyond 512 MB.
    provisioned, provisioned_duration
        Dollars for a GB-s set aside, and for a GB-s run in it, by architecture.
    snap_start_cache, snap_start_restore
        Dollars for a GB-s of snapshot kept, and for a GB restored.
    streamed
        Dollars for a GB of response streamed beyond 6 MB of each.
    tenant_environment
        Dollars for a GB of each environment made for a tenant.
    poller_hour
        Dollars for an hour of an event poller unit, by kind of event source.
    durable_operation, durable_written, durable_kept
        Durable executions: dollars for an operation, a GB written, a GB kept for a month.
    instance_fee
        Managed Instances: Lambda's fee, as a share of EC2's on-demand price.
    granularity_s
        Durations are rounded up to whole multiples of this.
    init_billed
        Whether the init phase of on-demand functions is charged as duration.
    free_requests, free_gb_s, free_streamed_gb
        The free tier of a month.
    """

    source: str
    since: date
    request: float
    duration: Mapping[str, Tiers]
    storage: float
    provisioned: Mapping[str, float]
    provisioned_duration: Mapping[str, float]
    snap_start_cache: float = 0.0
    snap_start_restore: float = 0.0
    streamed: float = 0.0
    tenant_environment: float = 0.0
    poller_hour: Mapping[str, float] = field(default_factory=dict)
    durable_operation: float = 0.0
    durable_written: float = 0.0
    durable_kept: float = 0.0
    instance_fee: float = 0.0
    granularity_s: float = 0.001
    init_billed: bool = True
    free_requests: float = 1e6
    free_gb_s: float = 400_000.0
    free_streamed_gb: float = 100.0

    def billed(self, duration_s: float, init_s: float = 0.0) -> float:
        """Seconds billed for one invocation.

        Duration and init are those that a REPORT line shows, to a hundredth of a millisecond.
        """
        hundredths = round(duration_s * 1e5)
        if self.init_billed:
            hundredths += round(init_s * 1e5)
        step = round(self.granularity_s * 1e5)
        return -(-hundredths // step) * self.granularity_s


_TODAY = PriceBook(
    source="AWS Lambda pricing page, us-east-1, 2026",
    since=date(2025, 8, 1),
    request=0.20e-6,
    duration={
        "x86_64": ((6e9, 0.0000166667), (15e9, 0.000015), (math.inf, 0.0000133334)),
        "arm64": ((7.5e9, 0.0000133334), (18.75e9, 0.0000120001), (math.inf, 0.0000106667)),
    },
    storage=0.0000000309,
    provisioned={"x86_64": 0.0000041667, "arm64": 0.0000033334},
    provisioned_duration={"x86_64": 0.0000097222, "arm64": 0.0000077778},
    snap_start_cache=0.0000015046,
    snap_start_restore=0.0001397998,
    streamed=0.008,
    tenant_environment=0.000167,
    poller_hour={"kafka": 0.185, "sqs": 0.00925},
    durable_operation=8e-6,
    durable_written=0.25,
    durable_kept=0.15,
    instance_fee=0.15,
)

BOOKS: dict[str, PriceBook] = {
    "2026": _TODAY,
    "2021": replace(
        _TODAY,
        source="AWS Lambda pricing page, us-east-1, from 1 December 2020: 1 ms, init not billed",
        since=date(2020, 12, 1),
        init_billed=False,
    ),
    "2019": replace(
        _TODAY,
        source="AWS Lambda pricing page, us-east-1, before December 2020: 100 ms",
        since=date(2014, 11, 13),
        granularity_s=0.1,
        init_billed=False,
    ),
    "edge": replace(
        _TODAY,
        source="Lambda@Edge, 2026",
        request=0.60e-6,
        duration={"x86_64": ((math.inf, 0.00000625125 * 8),)},
        provisioned={},
        provisioned_duration={},
        free_requests=0.0,
        free_gb_s=0.0,
    ),
}
"""Price books by name: today's, that of 2021 (init not billed), of 2019 (100 ms), Lambda@Edge."""


NEIGHBOURS: dict[str, float] = {
    "API Gateway HTTP": 1.00e-6,
    "API Gateway REST": 3.50e-6,
    "SQS": 0.40e-6,
    "SNS": 0.50e-6,
    "EventBridge": 1.00e-6,
    "S3 PUT": 5.00e-6,
    "DynamoDB write": 0.625e-6,
    "DynamoDB read": 0.125e-6,
}
"""Dollars per request of services often used with a function: the first tier in us-east-1, 2026
(facts/scaling-and-cost.md section 4, which marks all but API Gateway's as to be checked)."""


def neighbours_of(given: Sequence[str] | Mapping[str, float]) -> dict[str, float]:
    """Dollars per request of neighbouring services, by name.

    Raises
    ------
    ValueError
        A name is not in :data:`NEIGHBOURS`.
    """
    if isinstance(given, Mapping):
        return dict(given)
    for name in given:
        if name not in NEIGHBOURS:
            raise ValueError(
                f"no price for {name!r}; there are {', '.join(NEIGHBOURS)}, or give "
                "{name: dollars a request}"
            )
    return {name: NEIGHBOURS[name] for name in given}


def book_for(pricing: PriceBook | str | date | None) -> PriceBook:
    """The price book of this name, for this day, or given as such; today's for ``None``.

    Raises
    ------
    ValueError
        There is no such book.
    """
    if pricing is None:
        return _TODAY
    if isinstance(pricing, PriceBook):
        return pricing
    if isinstance(pricing, date):
        held = [book for name, book in BOOKS.items() if name != "edge" and book.since <= pricing]
        if not held:
            raise ValueError(f"Lambda had no prices on {pricing}: it began on 2014-11-13")
        return max(held, key=lambda book: book.since)
    if pricing not in BOOKS:
        raise ValueError(f"no price book {pricing!r}; there are {', '.join(BOOKS)}")
    return BOOKS[pricing]


def tiered(amount: float, tiers: Sequence[tuple[float, float]]) -> float:
    """Dollars for an amount whose price falls by tiers."""
    total = below = 0.0
    for limit, price in tiers:
        total += max(0.0, min(amount, limit) - below) * price
        below = limit
    return total


@dataclass(frozen=True, slots=True)
class Usage:
    """What one month of one account used.

    Attributes
    ----------
    requests
        Requests that started; those refused are free.
    gb_s, provisioned_gb_s
        GB-s of duration by architecture, on demand and on provisioned environments.
    storage_gb_s
        GB-s of ``/tmp`` beyond 512 MB.
    set_aside_gb_s
        GB-s of provisioned concurrency configured, by architecture.
    snap_start_gb_s, restored_gb
        GB-s of snapshots kept, GB restored.
    streamed_gb
        GB streamed beyond 6 MB of each response.
    tenant_gb
        GB of environments made for tenants.
    poller_hours
        Hours of event poller units (provisioned mode of event source mappings), by kind of source.
    durable_operations, durable_written_gb, durable_kept_gb_months
        Of durable executions.
    instances, instances_on_demand
        Managed Instances: dollars that EC2 charges, and those it would charge on demand.
    """

    requests: float = 0.0
    gb_s: Mapping[str, float] = field(default_factory=dict)
    provisioned_gb_s: Mapping[str, float] = field(default_factory=dict)
    storage_gb_s: float = 0.0
    set_aside_gb_s: Mapping[str, float] = field(default_factory=dict)
    snap_start_gb_s: float = 0.0
    restored_gb: float = 0.0
    streamed_gb: float = 0.0
    tenant_gb: float = 0.0
    poller_hours: Mapping[str, float] = field(default_factory=dict)
    durable_operations: float = 0.0
    durable_written_gb: float = 0.0
    durable_kept_gb_months: float = 0.0
    instances: float = 0.0
    instances_on_demand: float = 0.0


def bill(
    usage: Usage, pricing: PriceBook | str | date | None = None, *, free_tier: bool = False
) -> dict[str, float]:
    """The lines of a bill, in dollars; lines without usage are left out.

    Parameters
    ----------
    usage
        What one month used.
    pricing
        The price book; today's if not given.
    free_tier
        Whether the account still has the month's whole free tier. It covers requests, on-demand
        GB-s of both architectures together, and streaming; never provisioned concurrency.

    Raises
    ------
    ValueError
        When the price book has no price for something used.
    """
    book = book_for(pricing)
    requests = max(0.0, usage.requests - (book.free_requests if free_tier else 0.0))
    lines = {"requests": requests * book.request}
    free = book.free_gb_s if free_tier else 0.0
    total = sum(usage.gb_s.values())
    for architecture, amount in usage.gb_s.items():
        # Split in proportion: AWS does not say which architecture the free tier covers first.
        paid = amount - (min(free, total) * amount / total if total else 0.0)
        name = "duration" if architecture == "x86_64" else f"duration {architecture}"
        lines[name] = tiered(paid, _price(book.duration, architecture, "architecture"))
    lines["ephemeral storage"] = usage.storage_gb_s * book.storage
    lines["provisioned concurrency"] = sum(
        amount * _price(book.provisioned, architecture, "provisioned concurrency of")
        for architecture, amount in usage.set_aside_gb_s.items()
    )
    lines["provisioned duration"] = sum(
        amount * _price(book.provisioned_duration, architecture, "provisioned duration of")
        for architecture, amount in usage.provisioned_gb_s.items()
    )
    lines["SnapStart cache"] = usage.snap_start_gb_s * book.snap_start_cache
    lines["SnapStart restore"] = usage.restored_gb * book.snap_start_restore
    streamed = max(0.0, usage.streamed_gb - (book.free_streamed_gb if free_tier else 0.0))
    lines["streaming"] = streamed * book.streamed
    lines["tenant isolation"] = usage.tenant_gb * book.tenant_environment
    lines["event pollers"] = sum(
        hours * _price(book.poller_hour, kind, "event poller")
        for kind, hours in usage.poller_hours.items()
    )
    lines["durable operations"] = usage.durable_operations * book.durable_operation
    lines["durable data written"] = usage.durable_written_gb * book.durable_written
    lines["durable data kept"] = usage.durable_kept_gb_months * book.durable_kept
    lines["instances"] = usage.instances
    lines["instance fee"] = usage.instances_on_demand * book.instance_fee
    return {name: dollars for name, dollars in lines.items() if dollars or name == "requests"}


def _price(prices: Mapping[str, _T], kind: str, what: str) -> _T:
    if kind not in prices:
        raise ValueError(
            f"the price book has no price for the {what} {kind!r}; "
            f"it has {', '.join(prices) or 'none'}"
        )
    return prices[kind]
