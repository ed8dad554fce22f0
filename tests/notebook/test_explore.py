"""Sliders over a trace: for each setting they show the result of `simulate`."""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ET
from typing import Any

import pytest

import lambda_nb
from lambda_nb import traces
from lambda_nb.notebook.views.explore import Latest, explore, picture
from lambda_nb.simulator import Asynchronous


@pytest.fixture(scope="module")
def trace() -> Any:
    return traces.poisson(1.0, duration=traces.laws.exponential(0.5), hours=1, seed=1)


def test_opens_with_the_defaults(trace: Any) -> None:
    shown = explore(trace, init=0.2)
    expected = lambda_nb.simulate(trace, init=0.2, engine="simpy")
    assert shown.result.invocations.equals(expected.invocations)
    assert f"{int(expected.summary()['cold_starts'].iloc[0]):,}" in shown._picture.value


def test_follows_the_sliders(trace: Any) -> None:
    shown = explore(trace, init=0.2)
    shown._keep_alive.value = 60.0
    shown._memory.value = 1769
    shown._provisioned.value = 1
    shown._limit.value = 2
    shown.wait()
    assert shown.settings == {
        "keep_alive": 60.0,
        "account_limit": 2,
        "memory": 1769,
        "provisioned": 1,
    }
    expected = lambda_nb.simulate(trace, init=0.2, engine="simpy", **shown.settings)
    assert shown.result.invocations.equals(expected.invocations)
    assert shown.result.summary()["throttles"].iloc[0] > 0


def test_what_only_simpy_can_simulate_is_explored_with_it() -> None:
    busy = traces.poisson(6.0, duration=0.01, hours=1, seed=1)
    explorer = explore(busy, source=Asynchronous(), errors=0.5)
    assert len(explorer.result.requests) == len(busy) >= 20_000
    assert explorer.result.engine == "simpy"


def test_settings_that_cannot_be_are_said_in_the_picture(trace: Any) -> None:
    shown = explore(trace)
    shown._limit.value = 1
    shown._provisioned.value = 2
    shown.wait()
    assert "more than account_limit=1" in shown._picture.value
    shown._provisioned.value = 0
    shown.wait()
    assert "cold starts" in shown._picture.value


def test_the_picture_is_well_formed(trace: Any) -> None:
    drawing = picture(lambda_nb.simulate(trace), trace.span)
    assert ET.fromstring(drawing).tag == "svg"
    assert "nan" not in drawing


def test_an_empty_trace_has_a_picture_too() -> None:
    empty = lambda_nb.Trace({"arrival": [], "function": [], "duration": []})
    assert "<svg" in explore(empty)._picture.value


def test_only_the_latest_settings_are_worked_on() -> None:
    gate, seen = threading.Event(), []

    def work(settings: dict[str, Any]) -> None:
        gate.wait(10)
        seen.append(settings["n"])

    latest = Latest(work)
    for n in range(50):
        latest.put({"n": n})
    gate.set()
    latest.join()
    assert seen[-1] == 49
    assert len(seen) <= 2
