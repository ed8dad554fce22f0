"""``lab``: what the page is given is the run, and nothing else."""

from __future__ import annotations

import base64
import json
import re
import time
import xml.etree.ElementTree as ET
import zlib
from typing import Any

import numpy as np
import pytest
from engine_fixtures import Engine

import lambda_nb
from lambda_nb import traces
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.lab import packing, still
from lambda_nb.notebook.lab.run import COLD, THROTTLE, of_result, of_trace
from lambda_nb.simulator import Asynchronous

HANDLER = "import time\ndef handler(event, context):\n    time.sleep(event.get('seconds', 0))\n"


@pytest.fixture(scope="module")
def result() -> Any:
    trace = traces.bursts(
        30, every=60, width=10, rate=3, duration=traces.laws.exponential(1.0), hours=0.2, seed=2
    )
    return lambda_nb.simulate(trace, init=0.8, keep_alive="1min", account_limit=12, memory=512)


def unpacked(told: dict[str, Any], text: str) -> dict[str, Any]:
    """The columns again, as the page reads them."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    words = np.ascontiguousarray(planes.reshape(4, -1).T).view("<u4").ravel()
    sizes = {
        **dict.fromkeys(
            ["arrival", "wait", "init", "busy", "environment", "kind", "function", "cost"],
            told["rows"],
        ),
        **dict.fromkeys(
            ["created", "ready", "ended", "of", "provisioned", "slot"], told["environments"]
        ),
        "waiting": told["waiting"],
    }
    assert sum(sizes.values()) == len(words)
    parts = np.split(words, np.cumsum(list(sizes.values()))[:-1])
    return dict(zip(sizes, parts, strict=True))


def test_the_page_gets_the_whole_run(result: Any) -> None:
    told, text = packing.pack(of_result(result))
    columns, frame = unpacked(told, text), result.invocations
    served = (frame["start"] != "throttle").to_numpy()
    arrival = np.cumsum(columns["arrival"].astype(np.int64)) * told["tick"]
    np.testing.assert_allclose(arrival, frame["arrival"], atol=told["tick"])
    finish = arrival + (columns["wait"] + columns["init"] + columns["busy"]) * told["tick"]
    np.testing.assert_allclose(finish[served], frame["finish"][served], atol=4 * told["tick"])
    assert (columns["kind"] == COLD).sum() == result.total["cold_starts"]
    assert (columns["kind"] == THROTTLE).sum() == result.total["throttles"] > 0
    cost = columns["cost"].sum() * told["money"] + told["standing"]
    assert cost == pytest.approx(result.total["cost"], rel=1e-3)
    assert told["limit"] == 12
    assert told["keepAlive"] == 60


def test_no_two_environments_share_a_place(result: Any) -> None:
    lives = of_result(result).lives
    places = packing.slots(lives.created, lives.ended)
    for place in np.unique(places):
        mine = np.flatnonzero(places == place)
        mine = mine[np.argsort(lives.created[mine])]
        assert (lives.ended[mine][:-1] <= lives.created[mine][1:]).all()


def test_provisioned_concurrency_costs_all_the_time() -> None:
    trace = traces.poisson(0.1, duration=1.0, hours=1, seed=1)
    result = lambda_nb.simulate(trace, init=1, provisioned=2, memory=1024)
    run = of_result(result)
    assert run.lives.provisioned.sum() == 2
    total = float(result.cost()["total"].item())
    assert run.standing + run.cost.sum() == pytest.approx(total)
    assert run.standing > 0


def test_provisioned_concurrency_is_on_the_bill_of_its_function() -> None:
    trace = traces.merge(
        traces.poisson(1.0, duration=0.5, hours=0.1, function="f", seed=1),
        traces.poisson(0.5, duration=1.5, hours=0.1, function="g", seed=2),
    )
    result = lambda_nb.simulate(trace, provisioned={"f": 2})
    for name, total in result.cost("function")["total"].items():
        run = lambda_nb.lab(result, function=name).run
        assert run.standing + run.cost.sum() == pytest.approx(total)
        assert (run.standing > 0) == (name == "f")


def test_requests_that_wait_are_counted() -> None:
    trace = traces.bursts(10, every=60, width=5, rate=1, duration=3.0, hours=0.2, seed=1)
    result = lambda_nb.simulate(trace, source=Asynchronous(), account_limit=3)
    run = of_result(result)
    assert run.waiting is not None
    told, text = packing.pack(run)
    assert unpacked(told, text)["waiting"].max() >= 1


def test_of_a_long_run_the_busiest_part_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = traces.merge(
        traces.poisson(1, duration=0.1, hours=1, seed=1),
        traces.poisson(50, duration=1.0, hours=0.01, seed=2).between(0, 36),
    )
    monkeypatch.setattr(packing, "MOST_ROWS", 500)
    run = of_result(lambda_nb.simulate(trace, init=0.5))
    told, text = packing.pack(run)
    assert told["rows"] == 500
    assert told["all"] == len(trace)
    columns = unpacked(told, text)
    before = told["before"]
    assert before["requests"] == int((run.arrival < told["begin"]).sum())
    numbers = columns["environment"][columns["kind"] != THROTTLE]
    assert numbers.min() >= 1
    assert numbers.max() <= told["environments"]


def test_one_function_of_several() -> None:
    trace = traces.merge(
        traces.poisson(1.0, duration=0.5, hours=0.2, function="f", seed=1),
        traces.poisson(0.5, duration=1.5, hours=0.2, function="g", seed=2),
    )
    result = lambda_nb.simulate(trace, init=0.2)
    shown = lambda_nb.lab(result, function="g").run
    assert len(shown) == result.summary().loc["g", "invocations"]
    assert len(shown.lives) == result.summary().loc["g", "environments"]
    assert shown.environment.max() == len(shown.lives) - 1
    with pytest.raises(UsageError, match="function='h' is not in this run; it has f, g"):
        lambda_nb.lab(result, function="h")


def test_a_real_run_and_the_notebook_s_last_minutes(engine: Engine) -> None:
    name = engine.create(HANDLER)
    played = lambda_nb.play(
        traces.periodic(every=0.2, duration=0.1, hours=2 / 3600, seed=1),
        name,
        client=engine.client(),
        payload={"seconds": 0.1},
        progress=False,
    )
    shown = lambda_nb.lab(played)
    assert shown.run.real
    assert len(shown.run) == len(played.invocations)
    assert (shown.run.kind == COLD).sum() >= 1
    assert (shown.run.finish >= shown.run.begun).all()
    assert "real run" in repr(shown)
    assert len(lambda_nb.lab(played.trace).run) == len(shown.run)
    deadline = time.monotonic() + 30
    while True:
        recent = lambda_nb.lab(function=name, client=engine.client()).run
        if len(recent) == len(shown.run) or time.monotonic() > deadline:
            break
    assert len(recent) == len(shown.run)
    assert recent.arrival[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"what": 7}, "lab cannot show int"),
        ({"what": traces.poisson(1, duration=1, hours=0.01, seed=1)}, "simulate it first"),
        ({"what": lambda_nb.Trace({"arrival": [], "function": [], "duration": []})}, "is empty"),
        ({"speed": 0}, "speed is 0"),
        ({"height": 10}, "height is 10"),
    ],
    ids=["type", "no environments", "empty", "speed", "height"],
)
def test_what_cannot_be_shown_is_told(result: Any, arguments: Any, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        lambda_nb.lab(**{"what": result, **arguments})


def test_a_start_that_is_no_time_is_told(result: Any) -> None:
    with pytest.raises(UsageError, match="start is 'soon'"):
        lambda_nb.lab(result, start="soon")
    assert lambda_nb.lab(result, start="2min")._options["startAt"] == 120


def test_nothing_invoked_is_told(engine: Engine) -> None:
    name = engine.create(HANDLER)
    with pytest.raises(UsageError, match="was not invoked in the last 15 minutes"):
        lambda_nb.lab(function=name, client=engine.client())


def test_a_name_cannot_leave_the_script() -> None:
    trace = traces.poisson(1, duration=1, hours=0.01, function="</script><b>", seed=1)
    html = lambda_nb.lab(lambda_nb.simulate(trace))._repr_html_()
    assert html.count("</script>") == 1
    assert "<b>" not in html
    told = re.search(r'start\("\w+", (\{.*\}), "', html)
    assert told is not None
    assert json.loads(told[1])["functions"] == ["</script><b>"]


def test_the_still_picture_is_well_formed(result: Any) -> None:
    drawing = still.picture(of_result(result))
    assert ET.fromstring(drawing).tag.endswith("svg")
    assert "nan" not in drawing
    html = lambda_nb.lab(result)._repr_html_()
    assert 'src="data:image/svg+xml;base64,' in html


def test_a_trace_with_environments_and_no_more() -> None:
    trace = lambda_nb.Trace(
        {
            "arrival": [5.0, 6.0, 9.0],
            "function": ["f"] * 3,
            "duration": [2.0, 1.0, 1.0],
            "environment": ["a", "b", "a"],
        }
    )
    run = of_trace(trace, {"keep_alive": 60})
    assert run.arrival.tolist() == [0, 1, 4]
    assert run.finish.tolist() == [2, 2, 5]
    assert run.lives.ended.tolist() == [65, 62]
