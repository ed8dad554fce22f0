"""What CloudFront charges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge import pricing
from lambda_nb.rules.edge.locations import PRICE_AREAS
from lambda_nb.rules.edge.pricing import AreaUsage, bill


def test_every_area_of_the_table_of_locations_has_prices() -> None:
    assert set(PRICE_AREAS) == set(pricing.TRANSFER) == set(pricing.REQUESTS)


def test_transfer_gets_cheaper_in_tiers() -> None:
    lines = bill({"NA": AreaUsage(gb=10_240 + 1000)})
    assert lines["transfer"] == pytest.approx(10_240 * 0.085 + 1000 * 0.080)


def test_tiers_are_of_each_area_by_itself() -> None:
    lines = bill({"NA": AreaUsage(gb=10_240), "EU": AreaUsage(gb=10_240)})
    assert lines["transfer"] == pytest.approx(2 * 10_240 * 0.085)


def test_https_costs_more_than_http_and_south_america_more_than_others() -> None:
    prices = {
        (area, kind): bill({area: AreaUsage(**{kind: 1e6})})["requests"]
        for area in ("NA", "SA")
        for kind in ("http", "https")
    }
    assert prices["NA", "http"] == pytest.approx(0.75)
    assert prices["NA", "https"] == pytest.approx(1.00)
    assert prices["SA", "https"] == pytest.approx(2.20)


def test_the_free_tier_is_of_the_whole_account() -> None:
    areas = {"NA": AreaUsage(http=10e6, gb=512), "EU": AreaUsage(http=10e6, gb=512)}
    lines = bill(areas, functions=3e6, free_tier=True)
    assert lines == {
        "requests": pytest.approx((0.75 + 0.90) * 10 / 2),
        "functions": pytest.approx(0.1),
    }


def test_extras_have_lines_of_their_own() -> None:
    lines = bill(
        {}, functions=1e6, key_value_reads=1e6, realtime_lines=1e6, invalidation_paths=1100
    )
    assert lines == {
        "requests": 0.0,
        "functions": pytest.approx(0.10),
        "key value reads": pytest.approx(0.03),
        "real-time logs": pytest.approx(0.01),
        "invalidations": pytest.approx(0.50),
    }


def test_an_area_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no prices for area 'XX'"):
        bill({"XX": AreaUsage()})


@given(st.sampled_from(sorted(PRICE_AREAS)), st.floats(0, 1e7), st.floats(0, 1e7))
def test_more_never_costs_less_and_the_free_tier_never_more(area: str, a: float, b: float) -> None:
    low, high = sorted((a, b))
    less, more = (sum(bill({area: AreaUsage(https=n, gb=n)}).values()) for n in (low, high))
    assert less <= more + 1e-9
    assert sum(bill({area: AreaUsage(https=high, gb=high)}, free_tier=True).values()) <= more + 1e-9
