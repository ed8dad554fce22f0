"""Sliders over a trace: for each setting they show the result of `simulate`."""

from __future__ import annotations

import itertools
import threading
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
from shown_bundles import bundles

import lambda_nb
from lambda_nb import traces
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.explore import call_text, still
from lambda_nb.notebook.explore.explorer import explore
from lambda_nb.notebook.explore.points import ALL, STACKED
from lambda_nb.notebook.explore.settings import Place, Sliders, coarse_first, nice
from lambda_nb.notebook.explore.worker import Worker
from lambda_nb.simulator import Asynchronous


@pytest.fixture(scope="module")
def trace() -> Any:
    return traces.poisson(1.0, duration=traces.laws.exponential(0.5), hours=1, seed=1)


@pytest.fixture(scope="module")
def two() -> Any:
    return traces.merge(
        traces.poisson(1.0, duration=0.5, hours=1, function="f", seed=1),
        traces.poisson(0.5, duration=1.5, hours=1, function="g", seed=2),
    )


def test_opens_with_the_defaults(trace: Any) -> None:
    shown = explore(trace, init=0.2)
    expected = lambda_nb.simulate(trace, init=0.2, engine="simpy")
    assert shown.result.invocations.equals(expected.invocations)
    assert f"{int(expected.total['cold_starts']):,} (" in shown._markup()


def test_follows_the_sliders(trace: Any) -> None:
    shown = explore(trace, init=0.2)
    shown.set(keep_alive=60.0, memory=1769, provisioned=1, account_limit=2).wait()
    assert shown.settings == {
        "keep_alive": 60.0,
        "account_limit": 2,
        "memory": 1769,
        "provisioned": 1,
    }
    expected = lambda_nb.simulate(trace, init=0.2, engine="simpy", **shown.settings)
    assert shown.result.invocations.equals(expected.invocations)
    assert shown.result.total["throttles"] > 0


def test_a_cell_that_waits_does_not_undo_what_the_page_just_said(trace: Any) -> None:
    """The page tells where its sliders rest, and at once a cell waits for the result."""
    shown = explore(trace, init=0.2)
    for memory in (256, 512, 1024, 2048):
        shown._heard(None, {"kind": "rest", "place": [60.0, memory, 0, 1000]}, None)
        assert shown.join().settings == {
            "keep_alive": 60.0,
            "account_limit": 1000,
            "memory": memory,
        }


def test_the_line_of_code_simulates_the_same(trace: Any) -> None:
    shown = explore(trace, init=0.2, memory=512, account_limit=30).set(provisioned=2).wait()
    assert shown.call == (
        'lambda_nb.simulate(trace, keep_alive="10min", memory=512, provisioned=2, '
        "account_limit=30, init=0.2)"
    )
    again = eval(shown.call, {"lambda_nb": lambda_nb, "trace": trace})
    assert again.total == shown.result.total


def test_every_result_around_the_sliders_is_exact(trace: Any) -> None:
    """What the page draws from at once is what `simulate` says, the bill by memory included."""
    shown = explore(trace, init=0.2).join()
    places = {point.place for point in shown._points.values()}
    assert {place.keep_alive for place in places} == set(shown.sliders.stops["keep_alive"])
    month = 30 * 86_400 / trace.span
    for place in sorted(places)[:: len(places) // 12]:
        point = shown._points[place]
        result = lambda_nb.simulate(trace, init=0.2, **shown.sliders.arguments(place))
        assert point.figures["cold_starts"] == result.total["cold_starts"]
        assert point.figures["throttles"] == result.total["throttles"]
        assert sum(point.bill.values()) == pytest.approx(month * result.total["cost"], rel=1e-9)
        timeline = result.timeline(trace.span / 240)
        np.testing.assert_allclose(point.bands[2], timeline["idle"], atol=1e-4)
        np.testing.assert_allclose(point.bands[3], timeline["cold_starts"])


def test_a_coarse_picture_is_no_further_off_than_its_neighbours_are_apart(trace: Any) -> None:
    """Cold starts fall with keep-alive: what lies between two stops lies between their figures."""
    shown = explore(trace, init=0.2).join()
    stops = shown.sliders.stops["keep_alive"]
    for low, high in itertools.pairwise(stops):
        if high == float("inf"):
            continue
        most, least = (
            shown._points[shown.sliders.begin._replace(keep_alive=stop)].figures["cold_starts"]
            for stop in (low, high)
        )
        exact = lambda_nb.simulate(trace, init=0.2, keep_alive=(low + high) / 2)
        assert least <= exact.total["cold_starts"] <= most


def test_one_function_or_all_stacked(two: Any) -> None:
    shown = explore(two, init=0.2)
    assert shown._options()["views"] == [ALL, STACKED, "f", "g"]
    stacked = shown.set(view=STACKED).join()._points[shown.sliders.begin]
    assert sorted(stacked.names) == ["f", "g"]
    whole = shown.result.timeline(two.span / 240)["environments"]
    np.testing.assert_allclose(stacked.bands[:-2].sum(axis=0), whole, atol=1e-4)
    one = shown.set(view="g").wait()._points[shown.sliders.begin]
    assert one.figures["cold_starts"] == shown.result.summary().loc["g", "cold_starts"]
    np.testing.assert_allclose(
        one.bands[0], shown.result.timeline(two.span / 240, function="g")["in_flight"], atol=1e-4
    )
    with pytest.raises(UsageError, match="view='h' is none of"):
        shown.set(view="h")
    with pytest.raises(UsageError, match="there is no slider 'speed'"):
        shown.set(speed=1)


def test_what_no_slider_can_show_stays_as_given(two: Any) -> None:
    shown = explore(two, provisioned={"f": 1}, keep_alive="5min")
    assert shown.sliders.fixed == ["provisioned"]
    assert shown.sliders.begin.keep_alive == 300
    assert shown.settings == {"keep_alive": 300.0, "account_limit": 1000}
    assert "provisioned={'f': 1}" in shown.call
    assert shown.result.total["provisioned"] > 0


def test_what_only_simpy_can_simulate_is_explored_with_it() -> None:
    busy = traces.poisson(6.0, duration=0.01, hours=1, seed=1)
    explorer = explore(busy, source=Asynchronous(), errors=0.5)
    assert len(explorer.result.requests) == len(busy) >= 20_000
    assert explorer.result.engine == "simpy"


def test_settings_that_cannot_be_are_told(trace: Any) -> None:
    shown = explore(trace).set(account_limit=1, provisioned=2).wait()
    assert "more than account_limit=1" in shown.refused
    assert not shown.set(provisioned=0).wait().refused
    assert shown.settings["account_limit"] == 1


def test_the_static_form_is_beside_the_widget(trace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = explore(trace)
    static, live = bundles(shown, monkeypatch)
    assert "application/vnd.jupyter.widget-view+json" in live
    assert live["text/plain"] == ""
    assert static["text/plain"].startswith("lambda_nb.simulate(trace")
    assert 'src="data:image/svg+xml;base64,' in static["text/html"]
    assert "cold starts" in static["text/html"]


def test_the_picture_is_well_formed(two: Any) -> None:
    shown = explore(two)
    for view in (ALL, STACKED):
        point = shown.set(view=view).wait()._points[shown.sliders.begin]
        drawing = still.picture(point)
        assert ET.fromstring(drawing).tag.endswith("svg")
        assert "nan" not in drawing


def test_an_empty_trace_has_a_picture_too() -> None:
    empty = lambda_nb.Trace({"arrival": [], "function": [], "duration": []})
    assert "data:image/svg+xml" in explore(empty)._markup()


def test_only_the_latest_settings_are_worked_on() -> None:
    gate, seen = threading.Event(), []

    def work(place: Place) -> None:
        gate.wait(10)
        seen.append(place.limit)

    worker = Worker(work, work, lambda _: iter(()))
    for n in range(50):
        worker.rest(Place(0.0, 0, 0, n))
    gate.set()
    worker.wait()
    worker.join()
    assert seen[-1] == 49
    assert len(seen) <= 2


def test_ends_and_middle_of_a_slider_come_first() -> None:
    order = coarse_first(list(map(float, range(9))))
    assert order[:2] == [0, 8]
    assert order[2] == 4
    assert sorted(order) == list(range(9))


@pytest.mark.parametrize("most", [1, 7, 40, 99, 1000, 4321])
def test_stops_of_a_slider_grow_to_its_end(most: int) -> None:
    stops = nice(most)
    assert stops[0] == 1
    assert stops[-1] == most
    assert stops == sorted(set(stops))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(600, '"10min"'), (7200, '"2h"'), (45, "45"), (float("inf"), 'float("inf")')],
)
def test_spans_in_code(seconds: float, text: str) -> None:
    assert call_text.span(seconds) == text


def test_sliders_begin_where_they_are_told() -> None:
    sliders = Sliders(7, {"keep_alive": 45.0, "memory": 700})
    assert 45.0 in sliders.stops["keep_alive"]
    assert 700.0 in sliders.stops["memory"]
