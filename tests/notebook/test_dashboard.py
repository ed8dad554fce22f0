"""The live view of a real engine: what it counts, and when it polls."""

from __future__ import annotations

import builtins
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from engine_fixtures import Engine
from shown_bundles import bundles

import lambda_nb
from lambda_nb.notebook.connection.clients import Beside
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.views.activity import AWSSource, Bar, EngineSource, Row
from lambda_nb.notebook.views.dashboard import Dashboard, _bars

HANDLER = (
    "import time\n"
    "def handler(event, context):\n"
    "    print('heard', event)\n"
    "    time.sleep(event.get('seconds', 0))\n"
    "    return 1 / event.get('divisor', 1)\n"
)


def until(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 30
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def invoke(engine: Engine, name: str, payload: bytes = b"{}") -> None:
    engine.client().invoke(FunctionName=name, Payload=payload)["Payload"].read()


def test_counts_what_the_engine_did(engine: Engine) -> None:
    name = engine.create(HANDLER, Timeout=20)
    source = EngineSource(Beside(engine.client()), [name])

    def row() -> Row:
        (found,) = source.look().rows
        return found

    assert row().states == {}
    assert sum(map(sum, row().bars)) == 0
    invoke(engine, name)
    invoke(engine, name, b'{"divisor": 0}')
    engine.client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(engine.client().exceptions.TooManyRequestsException):
        invoke(engine, name)
    until(lambda: row().invocations == 3)
    told = row()
    assert (told.errors, told.throttles, told.cold) == (1, 1, 1)
    assert told.median is not None
    assert sum(map(sum, told.bars)) == 3
    assert sum(bar.failed for bar in told.bars) == 2
    until(lambda: any("heard" in event.message for _, event in source.look().lines))


def test_each_log_line_stands_once_and_in_order(engine: Engine) -> None:
    name = engine.create(HANDLER)
    source = EngineSource(Beside(engine.client()), [name])
    for number in range(3):
        invoke(engine, name, b'{"number": %d}' % number)
        heard = f"'number': {number}"
        until(lambda heard=heard: any(heard in e.message for _, e in source.look().lines))
    until(lambda: sum("REPORT" in event.message for _, event in source.look().lines) == 3)
    lines = source.look().lines
    heard_of = [event.message for _, event in lines if "heard" in event.message]
    assert [f"'number': {number}" in text for number, text in enumerate(heard_of)] == [True] * 3
    assert [event.time for _, event in lines] == sorted(event.time for _, event in lines)


def test_tells_what_environments_do(engine: Engine) -> None:
    name = engine.create(HANDLER, Timeout=20)
    source = EngineSource(Beside(engine.client()), [name])
    caller = threading.Thread(target=invoke, args=[engine, name, b'{"seconds": 1.5}'])
    caller.start()
    until(lambda: source.look().rows[0].states == {"running": 1})
    caller.join()
    until(lambda: source.look().rows[0].states == {"idle": 1})


def test_where_there_is_only_cloudwatch_minutes_are_told(engine: Engine) -> None:
    name = engine.create(HANDLER)
    source = AWSSource(Beside(engine.client()), [name])
    assert source.look().rows == [Row(name)]
    invoke(engine, name)
    invoke(engine, name, b'{"divisor": 0}')
    row = until(lambda: sum(map(sum, (found := source.look().rows[0]).bars)) == 2 and found)
    assert row.states is None
    assert row.cold is None
    assert sum(bar.failed for bar in row.bars) == 1
    until(lambda: any("heard" in event.message for _, event in source.look().lines))


def test_follows_while_it_is_shown(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    name = engine.create(HANDLER)
    view = lambda_nb.dashboard(name, client=engine.client(), every=0.1)
    assert not view.running
    static, live = bundles(view, monkeypatch)
    assert "application/vnd.jupyter.widget-view+json" in live
    assert name in static["text/html"]
    assert view.running
    invoke(engine, name)
    until(lambda: "1 idle" in view._widget.value)
    # The page reports: it shows one view, and then the output is removed.
    view._widget._view_count = 1
    assert view.running
    view._widget._view_count = 0
    until(lambda: not view.running)
    view._widget._view_count = 1
    assert view.running
    view.stop()
    assert not view.running


def test_an_engine_that_is_gone_is_told(start_engine: Callable[..., Engine]) -> None:
    passing = start_engine()
    name = passing.create(HANDLER)
    view = lambda_nb.dashboard(name, client=passing.client(), every=0.1).start()
    passing.stop()
    until(lambda: "Could not connect" in view._widget.value)
    assert name in view._widget.value
    assert view.running
    view.stop()


def test_without_ipywidgets_it_is_a_table(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(module: str, *more: Any) -> Any:
        if module == "ipywidgets":
            raise ImportError(module)
        return real(module, *more)

    name = engine.create(HANDLER)
    monkeypatch.setattr(builtins, "__import__", without)
    view = lambda_nb.dashboard(name, client=engine.client())
    (only,) = bundles(view, monkeypatch)
    assert set(only) == {"text/plain", "text/html"}
    assert name in repr(view)
    assert not view.running


def test_names_and_lines_are_escaped(engine: Engine) -> None:
    name = engine.create("def handler(event, context):\n    print('<script>')\n")
    invoke(engine, name)
    view: Dashboard = until(
        lambda: (
            (
                found := lambda_nb.dashboard(name, client=engine.client()),
                "&lt;script&gt;" in found._markup(),
            )[1]
            and found
        )
    )
    assert "<script>" not in view._markup()


def test_bars_are_a_drawing() -> None:
    drawing = ET.fromstring(_bars([Bar(3, 1, 0), Bar(), Bar(0, 0, 2)]))
    heights = [float(part.attrib["height"]) for part in drawing]
    assert heights == [15.0, 5.0, 10.0]


def test_mistakes_are_explained(engine: Engine) -> None:
    with pytest.raises(UsageError, match="run %load_ext lambda_nb first"):
        lambda_nb.dashboard()
    with pytest.raises(UsageError, match="every is 0"):
        lambda_nb.dashboard(client=engine.client(), every=0)
