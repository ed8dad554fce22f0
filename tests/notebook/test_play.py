"""Traces played on a real engine; the simulator must make the same decisions."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from engine_fixtures import Engine

import lambda_nb
from lambda_nb import traces
from lambda_nb.notebook.errors import AWSError, UsageError
from lambda_nb.notebook.experiments import play as playing
from lambda_nb.notebook.experiments import play_result as playedmodule
from lambda_nb.traces.logs import cloudwatch

SLEEPER = "import time\ndef handler(event, context):\n    time.sleep(event['duration'])\n"
ECHO = (
    "seen = []\n"
    "def handler(event, context):\n"
    "    if event == 'seen':\n"
    "        return seen\n"
    "    seen.append(event)\n"
)


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[Any]:
    """A client like a notebook's: it does not retry, and keeps many connections."""
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=256)
    made = boto3.client(
        "lambda", endpoint_url=engine.url, region_name=engine.region, config=config, **engine.keys
    )
    yield made
    made.close()


def bursty(*names: str) -> lambda_nb.Trace:
    return traces.merge(
        *(
            traces.bursts(
                12,
                every=1.5,
                width=0.2,
                rate=4,
                duration=0.05,
                hours=6 / 3600,
                function=name,
                seed=n,
            )
            for n, name in enumerate(names)
        )
    )


@pytest.mark.slow
def test_the_simulator_decides_as_the_engine_did(start_engine: Callable[..., Engine]) -> None:
    quick = start_engine("--keep-alive", "0.4", "--account-concurrency", "200")
    names = [quick.create(SLEEPER, Timeout=10), quick.create(SLEEPER, Timeout=10)]
    quick.client().put_function_concurrency(FunctionName=names[1], ReservedConcurrentExecutions=4)
    trace = bursty("a", "b")
    played = lambda_nb.play(
        trace, {"a": names[0], "b": names[1]}, client=quick.client(), progress=False
    )
    assert played.settings == {
        "keep_alive": 0.4,
        "account_limit": 200,
        "reserved": {names[1]: 4},
    }
    real = played.trace
    assert len(real) == len(trace) == len(played.invocations)
    counts = real.to_pandas()["start"].value_counts()
    assert counts["cold"] > 4
    assert counts["warm"] > 4
    assert counts["throttle"] > 0
    assert (played.invocations["status"] == "throttle").sum() == counts["throttle"]
    throttled = played.invocations[played.invocations["status"] == "throttle"]
    assert set(throttled["reason"]) == {"ReservedFunctionConcurrentInvocationLimitExceeded"}
    found = lambda_nb.validate(played)
    assert found.same == 1.0, found.differences
    same = ["cold starts", "throttles", "environments", "peak concurrency", "billed GB-s"]
    assert list(found.table.loc[same, "simulated"]) == pytest.approx(
        list(found.table.loc[same, "real"])
    )
    assert lambda_nb.validate(played, keep_alive=600).same < 1.0
    everything = played.summary().loc["all"]
    assert everything["invocations"] == len(trace)
    assert everything["cold"] == counts["cold"]
    assert f"{counts['cold']} cold" in repr(played)
    assert names[0] in played._repr_html_()


def test_a_second_run_begins_with_the_environments_of_the_first(
    start_engine: Callable[..., Engine],
) -> None:
    # Long enough for the logs of the first run to be read before its environments expire.
    engine = start_engine("--keep-alive", "60", "--port", "0")
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=256)
    client = engine.client("lambda", config=config)
    names = {"thumb": engine.create(SLEEPER, Timeout=10), "mail": engine.create(SLEEPER)}
    lambda_nb.play(bursty("thumb", "mail"), names, client=client, progress=False)
    again = lambda_nb.play(bursty("mail", "thumb"), names, client=client, progress=False)
    assert len(again.before) >= 2
    starts = again.trace.to_pandas().groupby("function", observed=True)["start"].first()
    assert "warm" in set(starts)
    found = lambda_nb.validate(again)
    assert found.same == 1.0, found.differences
    assert "validate begins with that" in repr(again)
    assert len(found.plot().axes) >= 2
    # Without them the first requests would start cold.
    assert lambda_nb.validate(again.trace, **again.settings).same < 1.0


def test_arrivals_never_wait_for_answers(engine: Engine, client: Any) -> None:
    name = engine.create(SLEEPER, Timeout=10)
    trace = lambda_nb.Trace(
        {"arrival": [0.0, 1.0, 2.0], "function": ["f"] * 3, "duration": [1.0] * 3}
    )
    played = lambda_nb.play(trace, name, speed=100, client=client, progress=False)
    # One after the other they would have found the first environment warm.
    assert list(played.trace.to_pandas()["start"]) == ["cold"] * 3
    assert list(played.invocations["arrival"]) == pytest.approx([0.0, 0.01, 0.02])
    assert (played.invocations["lag"] >= 0).all()
    assert (played.invocations["latency"] >= 1.0).all()


def test_events_are_rows_or_what_is_made_of_them(engine: Engine, client: Any) -> None:
    name = engine.create(ECHO)
    trace = lambda_nb.Trace(
        {"arrival": [0.0, 0.3, 0.6, 0.9], "function": ["f"] * 4, "duration": [0.25] * 4}
    )

    def play(**options: Any) -> Any:
        return lambda_nb.play(trace, name, client=client, progress=False, **options)

    play(limit=1)
    play(limit=1, payload={"n": 1})
    play(limit=2, payload=lambda row: {"at": row["arrival"]})
    seen = engine.client().invoke(FunctionName=name, Payload=b'"seen"')["Payload"].read()
    first, *others = json.loads(seen)
    assert first["duration"] == 0.25
    assert first["function"] == "f"
    assert others == [{"n": 1}, {"at": 0.0}, {"at": 0.3}]


def test_only_what_was_played_is_in_the_trace(engine: Engine, client: Any) -> None:
    name = engine.create(SLEEPER)
    engine.client().invoke(FunctionName=name, Payload=b'{"duration": 0}')
    trace = traces.poisson(20, duration=0.0, hours=0.5 / 3600, seed=1)
    played = lambda_nb.play(trace, name, client=client, progress=False)
    assert len(played.trace) == len(trace)
    assert played.trace.numbers("arrival")[0] == 0.0
    assert "1 environment;" in " ".join(played.notes)


def test_where_only_report_lines_tell(
    engine: Engine, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on AWS: times in milliseconds, and no throttles."""
    monkeypatch.setattr(playing, "engine_status", lambda client: None)
    monkeypatch.setattr(playedmodule, "engine_status", lambda client: None)
    monkeypatch.setattr(cloudwatch, "_has_invocation_log", lambda client: False)
    name = engine.create(SLEEPER)
    engine.client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    trace = lambda_nb.Trace(
        {"arrival": [0.0, 0.1, 0.2], "function": ["f"] * 3, "duration": [1.0] * 3}
    )
    played = lambda_nb.play(trace, name, client=client, progress=False)
    assert list(played.invocations["status"]) == ["success", "success", "throttle"]
    assert list(played.trace.to_pandas()["start"]) == ["cold", "cold"]
    assert "keep_alive" not in played.settings
    assert not played.notes
    assert lambda_nb.validate(played).same == 1.0


def test_failures_are_told(engine: Engine, client: Any) -> None:
    name = engine.create("def handler(event, context):\n    raise ValueError('no')\n")
    trace = lambda_nb.Trace({"arrival": [0.0], "function": ["f"], "duration": [0.1]})
    played = lambda_nb.play(trace, name, client=client, progress=False)
    assert list(played.invocations["status"]) == ["error"]
    assert list(played.trace.to_pandas()["status"]) == ["error"]
    assert "1 errors" in repr(played)


def test_an_endpoint_that_is_gone_is_told(start_engine: Callable[..., Engine]) -> None:
    passing = start_engine()
    name = passing.create(SLEEPER)
    trace = lambda_nb.Trace({"arrival": [0.0, 3.0], "function": ["f"] * 2, "duration": [0.0] * 2})
    timer = threading.Timer(1.5, passing.stop)
    timer.start()
    played = lambda_nb.play(trace, name, client=passing.client(), progress=False)
    timer.join()
    assert list(played.invocations["status"]) == ["success", "failed"]
    assert "1 request failed: Could not connect" in repr(played)


def test_an_interrupt_keeps_what_ran(engine: Engine, client: Any) -> None:
    name = engine.create(SLEEPER)
    trace = lambda_nb.Trace(
        {"arrival": [0.0, 0.1, 60.0], "function": ["f"] * 3, "duration": [0.5] * 3}
    )
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.4, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    played = lambda_nb.play(trace, name, client=client, progress=False)
    timer.join()
    assert played.stopped
    assert list(played.invocations["status"]) == ["success"] * 2
    assert len(played.trace) == 2
    assert "stopped after 2 of 3" in repr(played)


def test_too_much_at_once_is_said(
    engine: Engine, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "MOST_IN_FLIGHT", 2)
    name = engine.create(SLEEPER)
    trace = lambda_nb.Trace({"arrival": [0.0] * 6, "function": ["f"] * 6, "duration": [0.2] * 6})
    played = lambda_nb.play(trace, name, client=client, progress=False)
    assert "could not keep up" in repr(played)
    assert played.invocations["lag"].max() > 0.3


def test_nothing_to_play(engine: Engine, client: Any) -> None:
    name = engine.create(SLEEPER)
    played = lambda_nb.play(traces.poisson(1, duration=0.1, hours=1), name, limit=0, client=client)
    assert len(played.invocations) == len(played.trace) == 0
    assert "0 invocations" in repr(played)
    assert "played" in played._repr_html_()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"functions": {"b": "x"}}, "invokes 'a', which functions= does not map; it has 'b'"),
        ({"functions": "x", "speed": 0}, "speed is 0"),
        ({"functions": "x", "limit": -1}, "limit is -1"),
        ({"functions": 3}, "3 is no function"),
        ({"functions": "x", "client": None}, "run %load_ext lambda_nb first"),
    ],
)
def test_mistakes_are_explained(client: Any, options: dict[str, Any], words: str) -> None:
    trace = lambda_nb.Trace({"arrival": [0.0], "function": ["a"], "duration": [0.1]})
    with pytest.raises(UsageError, match=words):
        lambda_nb.play(trace, **{"client": client, **options})


def test_a_function_that_is_not_there(client: Any) -> None:
    trace = lambda_nb.Trace({"arrival": [0.0], "function": ["a"], "duration": [0.1]})
    with pytest.raises(AWSError, match="ResourceNotFoundException"):
        lambda_nb.play(trace, "nobody", client=client)
