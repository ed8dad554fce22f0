"""A cell is edited while events flow: nothing is lost or mixed, and the display tells both."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import workbench_pages as pages
from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell
from web_notebook import connected_shell

from lambda_nb.notebook.connection.invocation_log import InvocationLog, Record
from lambda_nb.notebook.views.handover import Handover, Update

CODE = "def handler(event, context):\n    return [event['n'], {version}]"
CALLERS = 6
WITHIN_S = 30


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    with connected_shell(engine) as made:
        yield made


class Traffic:
    """Callers that invoke a function without a pause, and what each got."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self._name = engine, name
        self._numbers = itertools.count()
        self._stopped = threading.Event()
        self.answers: list[tuple[float, float, Any, Any]] = []
        self._threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        self.wait(CALLERS)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def wait(self, more: int) -> None:
        """Until there are so many more answers."""
        wanted = len(self.answers) + more
        deadline = time.monotonic() + WITHIN_S
        while len(self.answers) < wanted:
            assert time.monotonic() < deadline, "the callers get no answers"
            time.sleep(0.01)

    def _call(self) -> None:
        client = self._engine.client()
        while not self._stopped.is_set():
            number, began = next(self._numbers), time.time()
            reply = client.invoke(
                FunctionName=self._name, Payload=json.dumps({"n": number}).encode()
            )
            payload = json.loads(reply["Payload"].read())
            error = reply.get("FunctionError")
            self.answers.append((began, time.time(), number, error or payload))


def test_updates_under_load_lose_and_mix_nothing(shell: InteractiveShell, engine: Engine) -> None:
    name = engine.name("hot")
    cell = f"%%lambda {name} --timeout 10\n{CODE}"
    shell.run_cell(cell.format(version=0)).raise_error()
    switches = []
    with Traffic(engine, name) as traffic:
        for version in (1, 2, 3):
            traffic.wait(4 * CALLERS)
            began = time.time()
            shell.run_cell(cell.format(version=version)).raise_error()
            switches.append((began, time.time()))
        traffic.wait(4 * CALLERS)
    for began, ended, number, answer in traffic.answers:
        assert answer[0] == number, "the answer of another event"
        earliest = sum(done < began for _, done in switches)
        latest = sum(begun < ended for begun, _ in switches)
        assert earliest <= answer[1] <= latest, "code from before an update that was over"
    versions = {answer[1] for _, _, _, answer in traffic.answers}
    assert versions == {0, 1, 2, 3}
    assert len({number for _, _, number, _ in traffic.answers}) == len(traffic.answers)

    # The invocation log tells the code of each of them.
    log = InvocationLog(engine.client("logs"), 600, name)
    deadline = time.monotonic() + WITHIN_S
    while len(log.records) < len(traffic.answers):
        assert time.monotonic() < deadline, f"{len(log.records)} of {len(traffic.answers)} records"
        log.read(time.time())
        time.sleep(0.1)
    assert len({record.code_sha256 for record in log.records}) == 4
    now = engine.client().get_function_configuration(FunctionName=name)["CodeSha256"]
    last = max(log.records, key=lambda record: record.arrival)
    assert last.code_sha256 == now


def test_the_record_of_a_throttle_and_of_a_version_has_its_code(engine: Engine) -> None:
    name = engine.create(CODE.format(version=1))
    client = engine.client()
    first = client.publish_version(FunctionName=name)
    engine.update(name, CODE.format(version=2))
    for qualifier in ("1", "$LATEST"):
        client.invoke(FunctionName=name, Qualifier=qualifier, Payload=b'{"n": 1}')
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName=name, Payload=b"{}")
    log = InvocationLog(engine.client("logs"), 600, name)
    deadline = time.monotonic() + WITHIN_S
    while len(log.records) < 3:
        assert time.monotonic() < deadline
        log.read(time.time())
        time.sleep(0.1)
    latest = client.get_function_configuration(FunctionName=name)["CodeSha256"]
    assert [record.code_sha256 for record in log.records] == [first["CodeSha256"], latest, latest]


def record(arrival: float, sha256: str, **fields: Any) -> Record:
    settings: dict[str, Any] = {
        "function": "f", "version": "$LATEST", "request_id": "r", "finish": arrival + 0.5,
        "start": "warm", "status": "success", "environment": "e", "duration_ms": 500.0,
        "init_ms": 0.0, "billed_ms": 500.0, "memory_mb": 128, "max_memory_mb": 40,
        "architecture": "x86_64",
    }  # fmt: skip
    return Record(**{**settings, "arrival": arrival, "code_sha256": sha256, **fields})


def test_the_words_of_a_handover() -> None:
    seen = Handover(Update("f", "new", began=100.0, took=0.043))
    assert seen.words() == ["in 43 ms"]
    for one in (
        record(99.0, "old"),  # ended before the cell ran
        record(99.8, "old"),
        record(100.01, "old", finish=100.35),
        record(100.2, "new", version="7"),
        record(100.2, "new", function="g"),
        record(100.2, "new", start="throttle", status="throttle"),
        record(90.0, "new", finish=100.5),  # an update back to earlier code
        record(100.06, "new", status="error"),
        record(100.05, "new", start="cold"),
    ):
        seen.take(one)
    assert seen.words() == [
        "in 43 ms",
        "old code: 2 more, the last until +350 ms",
        "new code: from +50 ms (cold), 2 so far, 1 failed",
    ]
    seen.over = True
    assert seen.words()[-1].endswith("2 in the first minute, 1 failed")


@pytest.mark.slow
def test_the_display_follows_an_update_and_its_text_stays(tmp_path: Path) -> None:
    cell = f"%%lambda hot\n{CODE}"
    with pages.kernel(
        tmp_path, "%load_ext lambda_nb", cell.format(version=1), "hot({'n': 1})"
    ) as notebook:
        shown = notebook.run(cell.format(version=2))
        assert "updated in" in shown
        notebook.run("hot({'n': 2})")

        def news(message: dict[str, Any]) -> Any:
            if message["msg_type"] != "update_display_data":
                return None
            data = message["content"]["data"]
            told = data["text/plain"]
            return "new code: from" in told and "1 so far" in told and data

        data = notebook.output.until(news)
        assert "new code: from" in data["text/html"]
        assert "hot" in data["text/plain"].splitlines()[0]
        assert "unchanged" in notebook.run(cell.format(version=2))
        notebook.run("%unload_ext lambda_nb")
        threads = notebook.run("import threading; print([t.name for t in threading.enumerate()])")
        assert "handover" not in threads
