"""What pages follow: log lines with their requests, and a function's activity."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from hypothesis import given
from hypothesis import strategies as st
from workbench_tools import Actions, as_aws, connected

from lambda_nb.notebook.connection.invocation_log import Record
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.workbench.table import WATCHES
from lambda_nb.notebook.workbench.watches import summary
from lambda_nb.notebook.workbench.watches.environments import Environments
from lambda_nb.notebook.workbench.watches.log_lines import Requests
from lambda_nb.notebook.workbench.watches.logs import MOST_AT_ONCE, MOST_CHARACTERS, parts
from lambda_nb.notebook.workbench.watches.reports import ReportLog

LOGGING = """import json, logging, os
logging.getLogger().setLevel("INFO")
def handler(event, context):
    print("printed", event["n"])
    logging.info("logged %s", event["n"])
    if event["n"] < 0:
        raise ValueError("negative")
    return event["n"]
"""


@pytest.fixture(scope="module")
def act(engine: Engine) -> Iterator[Actions]:
    with connected(engine) as session:
        yield Actions(session, {})


class Watched:
    """What a watch has pushed."""

    def __init__(self) -> None:
        self.pushed: list[Any] = []

    def until(self, found: Callable[[list[Any]], Any]) -> Any:
        deadline = time.monotonic() + 40
        while not (answer := found(self.pushed)):
            assert time.monotonic() < deadline, self.pushed[-3:]
            time.sleep(0.02)
        return answer


@contextmanager
def watching(act: Actions, action: str, **args: Any) -> Iterator[Watched]:
    watched, stopped = Watched(), threading.Event()
    thread = threading.Thread(
        target=WATCHES[action], args=(act.tools, args, watched.pushed.append, stopped)
    )
    thread.start()
    try:
        yield watched
    finally:
        stopped.set()
        thread.join(20)
    assert not thread.is_alive()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["Text", "JSON"])
def test_lines_have_their_request(act: Actions, engine: Engine, form: str) -> None:
    name = engine.create(LOGGING, LoggingConfig={"LogFormat": form})
    before = act("invoke", name=name, payload='{"n": 1}')["request_id"]
    with watching(act, "watch_logs", name=name, last="5min") as watched:

        def lines(request: str) -> list[str]:
            return [
                line["message"]
                for lines in watched.pushed
                for line in lines
                if line["request_id"] == request
            ]

        watched.until(lambda _: len(lines(before)) >= 4)
        later = act("invoke", name=name, payload='{"n": -5}')["request_id"]
        watched.until(lambda _: any("REPORT" in one or "report" in one for one in lines(later)))
        told = "\n".join(lines(later))
        for words in ("printed -5", "logged -5", "negative"):
            assert words in told
        assert "printed 1" not in told
        all_lines = [line for lines in watched.pushed for line in lines]
        assert len({line["id"] for line in all_lines}) == len(all_lines)
        assert {line["function"] for line in all_lines} == {name}


def test_a_log_that_is_not_there_yet(act: Actions, engine: Engine) -> None:
    name = engine.create(LOGGING)
    with watching(act, "watch_logs", name=name) as watched:
        watched.until(lambda pushed: pushed)
        assert watched.pushed == [[]]
        act("invoke", name=name, payload='{"n": 1}')
        watched.until(
            lambda pushed: any("printed 1" in one["message"] for p in pushed for one in p)
        )


def test_a_log_group_of_ones_own(act: Actions, engine: Engine) -> None:
    name = engine.create(LOGGING, LoggingConfig={"LogGroup": f"/mine/{engine.name()}"})
    act("invoke", name=name, payload='{"n": 7}')
    with watching(act, "watch_logs", name=name) as watched:
        watched.until(
            lambda pushed: any("printed 7" in one["message"] for p in pushed for one in p)
        )


def test_refusals_of_watches(act: Actions, engine: Engine) -> None:
    stopped = threading.Event()
    for action in ("watch_logs", "watch_activity"):
        with pytest.raises(ClientError, match="Function not found"):
            WATCHES[action](act.tools, {"name": "nobody-here"}, print, stopped)
    name = engine.create(LOGGING)
    with pytest.raises(UsageError, match="no span of time"):
        WATCHES["watch_logs"](act.tools, {"name": name, "last": "soon"}, print, stopped)
    with pytest.raises(UsageError, match=r"window_s is 0\.5; give 1 to 3600 seconds"):
        WATCHES["watch_activity"](act.tools, {"name": name, "window_s": 0.5}, print, stopped)


def test_activity_of_a_function(act: Actions, engine: Engine) -> None:
    name = engine.create(LOGGING, MemorySize=256)
    first = act("invoke", name=name, payload='{"n": 1}')
    with watching(act, "watch_activity", name=name, window_s=60) as watched:
        told = watched.until(lambda p: p and p[-1]["invocations"] and p[-1])
        assert told["memory_mb"] == 256
        assert told["window_s"] == 60
        (invocation,) = told["invocations"]
        assert invocation["request_id"] == first["request_id"]
        assert invocation["start"] == "cold"
        assert invocation["init_ms"] == pytest.approx(first["init_ms"], abs=0.1)
        (environment,) = [e for e in told["environments"] if e["id"] == invocation["environment"]]
        assert environment["state"] in ("idle", "running")
        assert environment["ended_at"] is None
        act("invoke", name=name, payload='{"n": -1}')
        engine.client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        act("invoke", name=name, payload='{"n": 2}')
        told = watched.until(lambda p: p[-1]["summary"]["throttles"] and p[-1])
        assert told["summary"]["invocations"] == 3
        assert told["summary"]["errors"] == 1
        assert told["summary"]["cold"] == 1
        assert told["summary"]["cost_per_million"] > 0.2
        assert told["summary"]["p50_ms"] <= told["summary"]["p99_ms"]
        assert [one["status"] for one in told["invocations"]] == ["success", "error", "throttled"]
        act("delete", name=name)
        gone = watched.until(
            lambda p: all(e["state"] == "gone" for e in p[-1]["environments"]) and p[-1]
        )
        assert all(one["ended_at"] >= one["began_at"] for one in gone["environments"])


def test_report_lines_tell_where_no_engine_does(act: Actions, engine: Engine) -> None:
    name = engine.create(LOGGING, MemorySize=512)
    told = act("invoke", name=name, payload='{"n": 1}')
    config = engine.client().get_function_configuration(FunctionName=name)
    log = ReportLog(engine.client("logs"), 300.0, config)
    deadline = time.monotonic() + 20
    while not log.records and time.monotonic() < deadline:
        log.read(time.time())
        time.sleep(0.05)
    (record,) = log.records
    assert record.request_id == told["request_id"]
    assert record.start == "cold"
    assert record.init_ms == pytest.approx(told["init_ms"], abs=0.1)
    assert record.memory_mb == 512
    assert record.version == "$LATEST"
    assert log.read(time.time()) == []


def test_report_lines_of_others_in_the_same_group_do_not_count(
    act: Actions, engine: Engine
) -> None:
    group = f"/mine/{engine.name()}"
    mine, other = (engine.create(LOGGING, LoggingConfig={"LogGroup": group}) for _ in range(2))
    act("invoke", name=other, payload='{"n": 1}')
    told = act("invoke", name=mine, payload='{"n": 2}')
    logs, client = engine.client("logs"), engine.client()
    both = [
        ReportLog(logs, 300.0, client.get_function_configuration(FunctionName=name))
        for name in (mine, other)
    ]
    deadline = time.monotonic() + 20
    while not all(log.records for log in both) and time.monotonic() < deadline:
        for log in both:
            log.read(time.time())
        time.sleep(0.05)
    (record,) = both[0].records
    assert record.request_id == told["request_id"]
    assert len(both[1].records) == 1


def test_activity_on_aws(engine: Engine) -> None:
    name = engine.create(LOGGING)
    with as_aws(engine) as session:
        act = Actions(session, {})
        first = act("invoke", name=name, payload='{"n": 1}')
        with watching(act, "watch_activity", name=name, window_s=60) as watched:
            told = watched.until(lambda p: p and p[-1]["invocations"] and p[-1])
        (invocation,) = told["invocations"]
        assert invocation["request_id"] == first["request_id"]
        (environment,) = told["environments"]
        assert environment["id"] == invocation["environment"]
        assert environment["state"] == "gone"  # nobody tells whether it lives
        with pytest.raises(UsageError, match="AWS does not keep what functions got"):
            act("events", name=name)


# -- rules without an engine


def record(**told: Any) -> Record:
    known: dict[str, Any] = {
        "function": "f", "version": "1", "request_id": "r", "arrival": 0.0, "finish": 1.0,
        "start": "warm", "status": "success", "environment": "e", "duration_ms": 10.0,
        "init_ms": 0.0, "billed_ms": 10, "memory_mb": 1024, "max_memory_mb": 60,
        "architecture": "x86_64", "code_sha256": "",
    }  # fmt: skip
    return Record(**known | told)


def test_the_price_of_a_million() -> None:
    # 10 ms at 1 GB: 0.01 GB-s at $0.0000166667, and $0.20 for the requests.
    assert summary.cost_per_million([record()] * 7) == pytest.approx(0.2 + 0.1666667, rel=1e-6)
    assert summary.cost_per_million([]) is None


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_is_one_of_the_figures(figures: list[float], share: float) -> None:
    ordered = sorted(round(figure, 2) for figure in figures)
    found = summary.quantile(ordered, share)
    assert found in ordered
    assert sum(figure <= found for figure in ordered) >= share * len(ordered) - 1e-9


def test_an_environment_that_goes_keeps_its_row_for_the_window() -> None:
    environments = Environments()
    alive = {"log_stream": "e", "version": "1", "created": 0.5, "state": "running"}
    rows = environments.rows([alive], [], 2.0, 60.0)
    assert rows == [
        {"id": "e", "version": "1", "began_at": 500, "ended_at": None, "state": "running"}
    ]
    (row,) = environments.rows([], [record(arrival=1.0, finish=3.0)], 4.0, 60.0)
    assert (row["state"], row["ended_at"]) == ("gone", 4000)
    assert environments.rows([], [], 100.0, 60.0) == []


def test_an_environment_that_was_gone_before_anybody_looked_ends_with_its_last_invocation() -> None:
    records = [record(arrival=5.0, finish=6.0), record(arrival=7.0, finish=9.0)]
    (row,) = Environments().rows([], records, 20.0, 60.0)
    assert (row["began_at"], row["ended_at"], row["state"]) == (5000, 9000, "gone")


def test_an_environment_that_nobody_tells_of_ends_with_its_latest_invocation() -> None:
    environments = Environments()
    first, second = record(arrival=5.0, finish=6.0), record(arrival=7.0, finish=9.0)
    assert environments.rows([], [first], 6.5, 60.0)[0]["ended_at"] == 6000
    assert environments.rows([], [first, second], 9.5, 60.0)[0]["ended_at"] == 9000


@given(st.lists(st.integers(0, 1_500_000), max_size=1200))
def test_lines_come_in_small_parts_and_none_is_lost(sizes: list[int]) -> None:
    lines = [{"message": range(size)} for size in sizes]  # only their lengths matter
    found = list(parts(lines))
    assert [line for part in found for line in part] == lines
    for part in found:
        assert 1 <= len(part) <= MOST_AT_ONCE
        assert len(part) == 1 or sum(len(line["message"]) for line in part) <= MOST_CHARACTERS


LINES = st.lists(
    st.tuples(st.sampled_from("ab"), st.lists(st.sampled_from(["hello", "{", "", "INIT"]))),
    max_size=8,
)


@given(LINES, st.booleans())
def test_streams_do_not_mix(invocations: list[tuple[str, list[str]]], logged: bool) -> None:
    requests = Requests()
    for number, (stream, printed) in enumerate(invocations):
        request = f"{number:08x}-0000-0000-0000-000000000000"
        assert requests.of(stream, f"START RequestId: {request} Version: $LATEST") == request
        for line in printed:
            assert requests.of(stream, line) == request
        if logged:
            assert requests.of(stream, f"[INFO]\t2026-11-30T17:00:00.000Z\t{request}\tx") == request
        assert requests.of(stream, f"END RequestId: {request}") == request
        assert requests.of(stream, f"REPORT RequestId: {request}\tDuration: 1.00 ms") == request
        assert requests.of(stream, "between") == ""
