"""Generated traffic follows its stated law, and the same seed makes the same trace."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from lambda_nb import traces
from lambda_nb.traces import Trace, TraceError
from lambda_nb.traces.generators import laws

GENERATORS: dict[str, Callable[..., Trace]] = {
    "poisson": traces.poisson,
    "periodic": lambda **k: traces.periodic(10.0, jitter=1.0, **k),
    "mmpp": traces.mmpp,
    "daily": traces.daily,
    "weekly": traces.weekly,
    "bursts": traces.bursts,
    "heavy_tailed": lambda **k: traces.heavy_tailed(20, rate=0.5, **k),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_seeds_are_all_there_is_to_chance(name: str) -> None:
    make = GENERATORS[name]
    one = make(hours=3, seed=7)
    assert one == make(hours=3, seed=7)
    assert one != make(hours=3, seed=8)
    arrival = one.numbers("arrival")
    assert len(one) > 10
    assert arrival.min() >= 0
    assert arrival.max() <= 3 * 3600 + 1
    assert not np.isnan(one.numbers("duration")).any()


def test_poisson_counts_and_gaps() -> None:
    trace = traces.poisson(rate=5, duration=0.2, hours=10, seed=1)
    expected = 5 * 36_000
    assert abs(len(trace) - expected) < 5 * math.sqrt(expected)
    gaps = np.diff(trace.numbers("arrival"))
    # Exponential gaps: the deviation equals the mean.
    assert gaps.std() / gaps.mean() == pytest.approx(1.0, abs=0.02)
    assert np.quantile(gaps, 0.5) == pytest.approx(math.log(2) / 5, rel=0.02)
    assert set(trace.numbers("duration")) == {0.2}


def test_a_rate_of_nothing_is_an_empty_trace() -> None:
    assert len(traces.poisson(0, hours=1)) == 0


def test_periodic_keeps_its_schedule() -> None:
    trace = traces.periodic(60, hours=1)
    assert trace.numbers("arrival").tolist() == [60.0 * i for i in range(60)]
    late = traces.periodic(60, jitter=5, hours=1, seed=2).numbers("arrival")
    assert bool(np.all((late % 60) < 5))


def test_mmpp_has_both_of_its_rates() -> None:
    trace = traces.mmpp((1.0, 50.0), (300.0, 100.0), hours=200, seed=3)
    mean = (1.0 * 300 + 50.0 * 100) / 400
    assert len(trace) / (200 * 3600) == pytest.approx(mean, rel=0.1)
    counts = np.bincount(trace.numbers("arrival").astype(int), minlength=200 * 3600)
    assert counts.var() > 10 * counts.mean(), "much burstier than Poisson"


def test_daily_peaks_when_it_should() -> None:
    trace = traces.daily(2.0, swing=0.8, peak_hour=14, hours=24 * 5, seed=4)
    hour = (trace.numbers("arrival") // 3600 % 24).astype(int)
    counts = np.bincount(hour, minlength=24)
    assert len(trace) / (5 * 86_400) == pytest.approx(2.0, rel=0.01)
    assert counts.argmax() in (13, 14)
    assert counts.max() / counts.min() == pytest.approx(1.8 / 0.2, rel=0.15)


def test_daily_begins_at_the_time_of_its_start() -> None:
    noon = traces.daily(2.0, swing=1.0, peak_hour=12, hours=1, seed=4, start="2026-01-05T11:30Z")
    night = traces.daily(2.0, swing=1.0, peak_hour=12, hours=1, seed=4, start="2026-01-05T23:30Z")
    assert len(noon) > 50 * len(night)


def test_weekends_are_quiet() -> None:
    trace = traces.weekly(1.0, weekend=0.25, seed=5)
    days = np.bincount((trace.numbers("arrival") // 86_400).astype(int), minlength=7)
    assert days[5:].mean() / days[:5].mean() == pytest.approx(0.25, rel=0.05)


def test_bursts_are_dense() -> None:
    trace = traces.bursts(200, 600, width=1.0, rate=0.1, hours=20, seed=6)
    counts = np.bincount(trace.numbers("arrival").astype(int))
    assert counts.max() > 80
    assert np.median(counts) == 0


def test_few_functions_make_most_of_the_traffic() -> None:
    trace = traces.heavy_tailed(400, rate=5.0, hours=24, seed=9)
    counts = np.sort(np.bincount(trace.codes))[::-1]
    assert counts[: 400 * 186 // 1000].sum() / counts.sum() > 0.98
    frame = trace.to_pandas()
    assert frame["memory"].between(128, 10_240).all()
    assert frame["duration"].between(0, 900).all()
    assert frame.groupby("function", observed=True)["memory"].nunique().max() == 1
    assert len(trace) == pytest.approx(5 * 86_400, rel=0.02)
    hours = np.bincount((trace.numbers("arrival") // 3600).astype(int))
    assert hours.argmax() in (13, 14)


def test_published_popularity() -> None:
    """45 % of the functions are invoked once an hour at most, 81 % once a minute at most."""
    from lambda_nb.traces.generators import population

    rates = np.random.default_rng(0).lognormal(population._RATE_MU, population._RATE_SIGMA, 200_000)
    assert np.mean(rates <= 24) == pytest.approx(0.45, abs=0.005)
    assert np.mean(rates <= 1440) == pytest.approx(0.81, abs=0.005)


@pytest.mark.parametrize(
    ("law", "median", "p95"),
    [
        (laws.lognormal(0.1, 0.4), 0.1, 0.4),
        (laws.exponential(2.0), 2 * math.log(2), 2 * math.log(20)),
        (laws.percentiles({0: 1.0, 50: 2.0, 100: 4.0}), 2.0, 3.8),
        (np.arange(101.0), 50.0, 95.0),
        (0.25, 0.25, 0.25),
    ],
)
def test_laws(law: laws.Law, median: float, p95: float) -> None:
    values = laws.draw(law, np.random.default_rng(1), 200_000)
    assert np.quantile(values, [0.5, 0.95]) == pytest.approx([median, p95], rel=0.03)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: traces.poisson(-1), "rate=-1 must be"),
        (lambda: traces.poisson(1, hours=0), "hours=0 must be"),
        (lambda: traces.poisson(1, duration=-0.5), "a duration of .*-0.5"),
        (lambda: traces.poisson(1, duration=[]), "at least one"),
        (lambda: traces.poisson(1, duration=lambda rng, n: np.ones(3)), "gave .* durations where"),
        (lambda: traces.daily(1, swing=1.5), "swing=1.5 must lie between 0 and 1"),
        (lambda: traces.mmpp((1.0,), (2.0,)), "two or more rates"),
        (lambda: traces.mmpp((1.0, 2.0), (2.0, 0.0)), "must all be finite and above 0"),
        (lambda: traces.weekly(1, weekend=-1), "weekend=-1"),
        (lambda: traces.bursts(every=0), "every=0 s must be above 0"),
        (lambda: traces.periodic(0), "every=0 s"),
        (lambda: traces.heavy_tailed(0), "functions=0 must be 1 or more"),
        (lambda: laws.lognormal(1.0, 0.5), "p95=0.5 s must be at least the median"),
        (lambda: laws.exponential(0), "mean=0 must be"),
        (lambda: laws.percentiles({}), "at least one point"),
        (lambda: laws.percentiles({50: 2.0, 99: 1.0}), "must rise with their rank"),
        (lambda: traces.poisson(1, start="2026-01-01T00:00"), "has no time zone"),
        (lambda: traces.poisson(1, start="yesterday"), "not an ISO 8601 time"),
    ],
)
def test_nonsense_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(TraceError, match=message):
        call()
