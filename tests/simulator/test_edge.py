"""Lambda@Edge: one function, many fleets."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lambda_nb import traces
from lambda_nb.simulator import WorkloadError, simulate, simulate_edge

VIEWERS = traces.poisson(rate=0.02, duration=0.01, hours=20, seed=1)


def test_cold_starts_are_those_of_thinner_poisson_traffic() -> None:
    share = 1 / 4
    result = simulate_edge(VIEWERS, locations=4, seed=2)
    assert result.table.loc["all", "invocations"] == len(VIEWERS)
    expected = math.exp(-0.02 * share * 600)
    got = result.table.loc["all", "cold_share"]
    assert got == pytest.approx(expected, abs=5 * math.sqrt(expected / len(VIEWERS)))
    assert got > simulate(VIEWERS).summary()["cold_share"].iloc[0]


def test_one_location_is_one_region_at_the_edges_prices() -> None:
    edge = simulate_edge(VIEWERS, locations=1)
    region = simulate(VIEWERS, memory=128, timeout=30.0, pricing="edge")
    assert edge.table.loc["all", "cold_starts"] == region.summary()["cold_starts"].iloc[0]
    assert edge.cost().loc["all", "total"] == pytest.approx(region.cost()["total"].iloc[0])
    assert edge.cost().loc["all", "requests"] == pytest.approx(len(VIEWERS) * 0.6e-6)


def test_the_cache_keeps_requests_from_origin_triggers_only() -> None:
    origin = simulate_edge(VIEWERS, trigger="origin-request", cache_hits=0.9, memory=512)
    served = origin.table.loc["all", "invocations"]
    spread = 5 * math.sqrt(len(VIEWERS) * 0.09)
    assert served == pytest.approx(0.1 * len(VIEWERS), abs=spread)
    viewer = simulate_edge(VIEWERS, cache_hits=0.9)
    assert viewer.table.loc["all", "invocations"] == len(VIEWERS)


def test_shares_by_name_and_a_figure() -> None:
    result = simulate_edge(VIEWERS, locations={"eu": 3, "us": 1})
    spread = 5 * math.sqrt(len(VIEWERS) * 3 / 16)
    assert result.table.loc["eu", "invocations"] == pytest.approx(len(VIEWERS) * 0.75, abs=spread)
    assert len(result.plot().axes) >= 2
    assert "in 2 locations" in repr(result)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"provisioned": 1}, "no provisioned"),
        ({"memory": 256}, "viewer-request function has 128 MB"),
        ({"timeout": 60}, "at most 30 s"),
        ({"locations": 0}, "give 1, 2"),
        ({"trigger": "viewer"}, "give one of viewer-request"),
        ({"cache_hits": 2}, "give a share"),
    ],
)
def test_what_the_edge_does_not_have_is_refused(settings: Any, said: str) -> None:
    with pytest.raises(WorkloadError, match=said):
        simulate_edge(VIEWERS, **settings)
