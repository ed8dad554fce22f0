"""``%lambda events`` and ``%lambda replay``: what arrived, and the same once more."""

from __future__ import annotations

import atexit
import time
from collections.abc import Iterator
from typing import Any

import pytest
from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell

import lambda_nb
from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.functions.recent_events import Events
from lambda_nb.notebook.functions.replay import Replay
from lambda_nb.notebook.magics import extension

DOUBLE = """%%lambda {name}
def handler(event, context):
    records = event.get("Records", [])
    return [int(record["body"]) * {factor} for record in records] or int(event["n"]) * {factor}
"""


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.history_manager.enabled = False
    extension.load_ipython_extension(made)
    made.run_line_magic("lambda", f"connect {engine.url} --credentials {engine.credentials_file}")
    yield made
    extension.unload_ipython_extension(made)
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


def deploy(shell: InteractiveShell, name: str, factor: int) -> Any:
    shell.run_cell(DOUBLE.format(name=name, factor=factor)).raise_error()
    return shell.user_ns[name.replace("-", "_")]


def ran(shell: InteractiveShell, line: str) -> Any:
    return shell.run_line_magic("lambda", line)


def until(shell: InteractiveShell, name: str, count: int) -> Events:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        events: Events = ran(shell, f"events {name} --last 5min")
        if len([one for one in events if one.status != "running"]) >= count:
            return events
        time.sleep(0.05)
    raise AssertionError(f"{count} events did not come")


def test_what_arrived_from_where_and_what_became_of_it(
    shell: InteractiveShell, engine: Engine
) -> None:
    name = engine.name("double")
    double = deploy(shell, name, 2)
    queue = engine.name("queue")
    url = engine.client("sqs").create_queue(QueueName=queue)["QueueUrl"]
    shell.run_cell(DOUBLE.format(name=f"{name} --on sqs:{queue}", factor=2)).raise_error()
    engine.client("sqs").send_message(QueueUrl=url, MessageBody="21")
    until(shell, name, 1)
    double({"n": 4})
    with pytest.raises(NotebookError):
        double({"n": "four"})
    events = until(shell, name, 3)
    told = [(one.origin.source, one.origin.what, one.outcome, one.response) for one in events[:2]]
    assert told == [("sqs", "21", "success", [42]), ("call", '{"n": 4}', "success", 8)]
    assert (events[2].status, events[2].error_type) == ("error", "ValueError")
    assert events[0].origin.place == queue
    assert all(one.cost > 0 and one.billed >= one.duration > 0 for one in events)
    text = repr(events)
    assert "3 events · 1 failed" in text
    assert f"sqs {queue}" in text
    assert "ValueError" in events._repr_html_()
    frame = events.to_frame()
    assert list(frame["source"]) == ["sqs", "call", "call"]
    assert list(events[1:].to_frame()["what"]) == list(frame["what"][1:])


def test_a_replay_runs_them_again_and_says_what_differs(
    shell: InteractiveShell, engine: Engine
) -> None:
    name = engine.name("replay")
    double = deploy(shell, name, 2)
    for number in ("1", "0", "x"):
        double.invoke({"n": number})
    until(shell, name, 3)
    same: Replay = ran(shell, f"replay {name} --since 5min")
    assert [one.result for one in same] == ["same (success)", "same (success)", "same (ValueError)"]
    assert len(same.changed) == 0
    assert "all 3 the same" in repr(same)

    deploy(shell, name, 3)
    again: Replay = ran(shell, f"replay {name}")
    assert len(again) == 3  # replays are not replayed
    assert [one.result for one in again] == [
        "another response",
        "same (success)",
        "same (ValueError)",
    ]
    (changed,) = again.changed
    assert (changed.before.response, changed.now.payload) == (2, 3)
    assert "-2\n+3" in changed.difference()
    assert "1 of 3 differ" in repr(again)
    assert "difference: call" in again._repr_html_()
    assert list(again.to_frame()["same"]) == [False, True, True]


def test_samples_are_events_to_call_with(shell: InteractiveShell, engine: Engine) -> None:
    double = deploy(shell, engine.name("sample"), 2)
    assert double(lambda_nb.event("sqs", body=["1", "2"])) == [2, 4]


def test_no_events_and_wrong_words(shell: InteractiveShell, engine: Engine) -> None:
    name = engine.name("silent")
    deploy(shell, name, 2)
    assert repr(ran(shell, f"events {name}")) == f"no events have reached {name} in this time"
    assert "nothing to replay" in repr(ran(shell, f"replay {name}"))
    with pytest.raises(UsageError, match="'soon' is no span of time"):
        ran(shell, f"events {name} --last soon")
