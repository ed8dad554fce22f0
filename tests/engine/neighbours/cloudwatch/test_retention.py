"""Old metric data are added up: memory does not grow by a datum a second for ever."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend

from lambda_nb.engine.neighbours.services.cloudwatch import metric_data, retention

NOW = 1_700_000_000
HOUR, DAY = 3600, 86_400


def backend_with(*ages_s: int, unit: str = "None") -> Any:
    """A backend with one value of each age."""
    backend = CloudWatchBackend("us-east-1", "123456789012")
    for number, age_s in enumerate(sorted(ages_s, reverse=True)):
        at = datetime.fromtimestamp(NOW - age_s, timezone.utc)
        datum = {"MetricName": "m", "Timestamp": at, "Value": float(number), "Unit": unit}
        metric_data.add(backend, "N", datum)
    return backend


def kept(backend: Any) -> list[tuple[int, float, float]]:
    """Time, count and sum of all data."""
    return [
        (metric_data.seconds(one.timestamp), one.sample_count, one.sum)
        for one in backend.metric_data
    ]


def test_each_age_has_its_period() -> None:
    ages = [60, 61, 4 * HOUR, 4 * HOUR + 1, 20 * DAY, 20 * DAY + 100, 70 * DAY, 70 * DAY + 10]
    backend = backend_with(*ages, 456 * DAY)
    metric_data.age(backend, NOW)
    times = [at for at, _, _ in kept(backend)]
    assert times[0] % 3600 == times[1] % 300 == times[-3] % 60 == 0
    assert [count for _, count, _ in kept(backend)] == [2.0] * 3 + [1.0] * 2
    assert sum(total for _, _, total in kept(backend)) == sum(range(1, 9))


def test_a_busy_series_stays_small_and_loses_nothing() -> None:
    backend = backend_with(*range(0, 6 * HOUR, 2))
    assert len(backend.metric_data) == 3 * HOUR
    metric_data.age(backend, NOW)
    assert len(backend.metric_data) <= 3 * HOUR // 2 + 3 * 60 + 30
    assert sum(count for _, count, _ in kept(backend)) == 3 * HOUR
    assert kept(backend) == sorted(kept(backend))
    before = len(backend.metric_data)
    metric_data.age(backend, NOW + retention.EVERY_S - 1)  # not yet again
    assert len(backend.metric_data) == before
    metric_data.age(backend, NOW + retention.EVERY_S)
    assert len(backend.metric_data) <= before - 250
    assert sum(count for _, count, _ in kept(backend)) == 3 * HOUR


def test_units_stay_apart() -> None:
    backend = backend_with(4 * HOUR, 4 * HOUR + 1)
    at = datetime.fromtimestamp(NOW - 4 * HOUR, timezone.utc)
    for unit in ("Bytes", "Seconds"):
        metric_data.add(
            backend, "N", {"MetricName": "m", "Timestamp": at, "Value": 1.0, "Unit": unit}
        )
    metric_data.age(backend, NOW)
    assert sorted(count for _, count, _ in kept(backend)) == [1.0, 1.0, 2.0]
