"""Bills: AWS's own worked examples to the cent, and the rules they do not show."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.pricing import BOOKS, Usage, bill, book_for, tiered


def cents(lines: dict[str, float]) -> float:
    """The total as in AWS's examples: each line is rounded to the cent, then added."""
    return round(sum(round(dollars + 1e-9, 2) for dollars in lines.values()), 2)


X86 = "x86_64"
EXAMPLES = {
    # facts/scaling-and-cost.md section 5
    "1 mobile backend": (Usage(3e6, {X86: 3e6 * 0.120 * 1.5}), True, 2.73),
    "2 enrichment": (Usage(7.44e6, {X86: 7.44e6 * 2.0}), False, 249.49),
    "3 larger /tmp": (
        Usage(6e6, {X86: 6e6 * 0.28 * 4}, storage_gb_s=6e6 * 0.28 * 1.5),
        True,
        106.41,
    ),
    "4 provisioned": (
        Usage(
            3e6,
            {X86: 2.5e6 * 0.12 * 1.5},
            {X86: 0.5e6 * 0.1 * 1.5},
            set_aside_gb_s={X86: 100 * 1.5 * 8 * 3600},
        ),
        True,
        19.96,
    ),
    "5 provisioned all day": (
        Usage(2e6, {}, {X86: 2e6 * 0.28 * 4}, set_aside_gb_s={X86: 7 * 4 * 24 * 3600}),
        False,
        32.26,
    ),
    "6 SnapStart": (
        Usage(7.44e6, {X86: 7.44e6 * 2.0}, snap_start_gb_s=31 * 86_400, restored_gb=74_400),
        False,
        263.92,
    ),
    "7 streaming": (
        Usage(2e6, {X86: 3e6 * 0.5 * 1.5 - 400_000}, streamed_gb=1e6 / 1024),
        False,
        39.04,
    ),
    "9 tenants": (
        Usage(10e6, {X86: 10e6 * 2.0}, tenant_gb=200_000),
        False,
        368.73,  # the page rounds 333.334 up to 333.34
    ),
    "10 queue pollers": (Usage(30e6, {X86: 30e6}, poller_hours={"sqs": 8000}), False, 580.00),
    "11 Kafka pollers": (
        # The page says 1,153.3 and leaves the cents out; its free tier is used up for requests.
        Usage(60e6, {X86: 60e6 - 400_000}, poller_hours={"kafka": 800}),
        False,
        1153.34,
    ),
    "12 Kafka pollers in a group": (
        Usage(300e6, {X86: 60e6}, poller_hours={"kafka": 720}),
        False,
        1193.20,
    ),
    "13 durable executions": (
        Usage(
            2e6,
            {"arm64": 1e6 * 32},
            durable_operations=4e6,
            durable_written_gb=104,
            durable_kept_gb_months=72.8,
        ),
        True,
        490.46,
    ),
    "14 Managed Instances": (
        Usage(100e6, instances=2000 * 0.0457, instances_on_demand=2000 * 0.1632),
        False,
        160.36,
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_aws_worked_examples(name: str) -> None:
    usage, free_tier, total = EXAMPLES[name]
    assert cents(bill(usage, free_tier=free_tier)) == total


def test_lambda_at_edge() -> None:
    """The eighth worked example."""
    usage = Usage(10e6, {X86: 10e6 * 0.010 * 128 / 1024})
    lines = bill(usage, "edge", free_tier=True)
    assert {name: round(dollars, 2) for name, dollars in lines.items()} == {
        "requests": 6.00,
        "duration": 0.63,
    }
    assert cents(lines) == 6.63


def test_what_a_book_does_not_sell_is_named() -> None:
    with pytest.raises(ValueError, match=r"poller 'mq'.* kafka, sqs"):
        bill(Usage(poller_hours={"mq": 1.0}))


@pytest.mark.parametrize(
    ("duration", "init", "billed_ms"),
    [(133.61, 80.0, 214), (3016.78, 84.0, 3101), (3004.92, 111.23, 3117), (46.84, 0.0, 47)],
)
def test_billed_durations_of_real_reports(duration: float, init: float, billed_ms: int) -> None:
    assert round(BOOKS["2026"].billed(duration / 1e3, init / 1e3) * 1e3) == billed_ms


def test_history() -> None:
    assert BOOKS["2021"].billed(0.13361, 0.080) == pytest.approx(0.134)
    assert BOOKS["2019"].billed(0.13361, 0.080) == pytest.approx(0.2)
    assert book_for(date(2020, 5, 1)) is BOOKS["2019"]
    assert book_for(date(2020, 12, 1)) is BOOKS["2021"]
    assert book_for(date(2026, 1, 1)) is BOOKS["2026"]
    assert book_for(None) is BOOKS["2026"]


@pytest.mark.parametrize("pricing", ["2003", date(2010, 1, 1)])
def test_a_book_that_is_not_there_is_named(pricing: str | date) -> None:
    with pytest.raises(ValueError, match=str(pricing)):
        book_for(pricing)


@given(st.floats(0, 3e10), st.floats(0, 3e10))
def test_tiers_never_make_more_cost_less(a: float, b: float) -> None:
    tiers = BOOKS["2026"].duration[X86]
    low, high = sorted((a, b))
    assert tiered(low, tiers) <= tiered(high, tiers) + 1e-9


def test_tiers_meet_at_their_edges() -> None:
    tiers = ((10.0, 2.0), (20.0, 1.0), (math.inf, 0.5))
    assert [tiered(x, tiers) for x in (0, 10, 20, 40)] == [0, 20, 30, 40]


@given(st.floats(0, 900), st.floats(0, 60))
def test_what_is_billed_is_whole_milliseconds_and_not_less_than_what_ran(
    duration: float, init: float
) -> None:
    billed = BOOKS["2026"].billed(duration, init)
    assert billed * 1e3 == pytest.approx(round(billed * 1e3))
    assert billed >= duration + init - 2e-5
    assert billed <= duration + init + 0.00102
