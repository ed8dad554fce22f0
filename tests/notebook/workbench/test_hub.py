"""The hub in a real kernel: pages, pictures and actions, also while a cell runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from workbench_pages import EVENTS, Fault, Notebook, Page, kernel, told

from lambda_nb.notebook.workbench.hub import Hub

pytestmark = pytest.mark.slow

HALF = """%%lambda half
def handler(event, context):
    print('n is', event['n'])
    return event['n'] / 2"""
BUSY = "import time\nwhile True: time.sleep(0.01)"
THREADS = (
    "import threading; print([t.name for t in threading.enumerate() if 'lambda_nb' in t.name])"
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with kernel(tmp_path_factory.mktemp("nb"), "%load_ext lambda_nb", HALF) as made:
        yield made


def test_a_page_sees_the_functions_and_what_happens(notebook: Notebook) -> None:
    page = notebook.page()
    row = page.function("half")
    assert row["memory_mb"] == 128
    assert row["cell"] == HALF
    assert row["state"] == "Active"
    picture = page.picture(lambda picture: picture["functions"])
    assert picture["place"] == "own"
    assert picture["endpoint"].startswith("http://127.0.0.1:")
    assert picture["lost"] is False
    assert picture["queues"] == []
    notebook.run("half({'n': 4})")
    row = page.function("half", lambda row: row["last"] and row["invocations"])
    assert row["last"]["status"] == "success"
    assert row["last"]["start"] in ("cold", "warm")
    page.function("half", lambda row: row["environments"]["idle"])


def test_what_a_cell_makes_is_seen_at_once(notebook: Notebook) -> None:
    page = notebook.page()
    page.picture(lambda picture: picture["functions"])
    notebook.run("import lambda_nb; lambda_nb.client('sqs').create_queue(QueueName='seen')")
    page.picture(lambda p: [one["name"] for one in p["queues"]] == ["seen"])
    notebook.run("%%lambda other --memory 256\ndef handler(event, context): pass")
    page.function("other", lambda row: row["memory_mb"] == 256)
    page.ask("delete", name="other")
    page.from_now()
    page.picture(lambda p: "other" not in [one["name"] for one in p["functions"]])


def test_everything_works_while_a_cell_runs(notebook: Notebook) -> None:
    cell = notebook.begin(BUSY)
    page = notebook.page()
    result = page.ask("invoke", name="half", payload='{"n": 5}')
    assert result["payload"] == "2.5"
    assert page.ask("details", name="half")["versions"] == []
    logs = page.begin("watch_logs", name="half", last="5min")
    page.push(logs, lambda lines: any("n is 5" in line["message"] for line in lines))
    activity = page.begin("watch_activity", name="half", window_s=60)
    page.push(activity, lambda now: now["summary"]["invocations"])
    changed = page.ask("update_settings", name="half", settings={"memory_mb": 192})
    assert changed["memory_mb"] == 192
    page.function("half", lambda row: row["memory_mb"] == 192)
    for watch in (logs, activity):
        page.ask("stop", id=watch)
        assert page.reply(watch) is None
    notebook.interrupt()
    assert "KeyboardInterrupt" in notebook.end(cell)


def test_a_page_that_is_reloaded_while_a_cell_runs_learns_of_it(notebook: Notebook) -> None:
    notebook.page().function("half")
    cell = notebook.begin(BUSY)
    seen = len(notebook.output.messages)

    def hello(message: dict[str, object]) -> object:
        data = told(message)
        return data.get("kind") == "hello" and message

    # A page that is reloaded hears this; it cannot ask, as the shell is busy.
    message = notebook.output.until(hello, seen)
    assert message["msg_type"] == "comm_open"
    assert message["content"]["target_name"] == EVENTS
    assert message["content"]["data"]["subshells"] is True
    again = notebook.output.until(hello, notebook.output.messages.index(message) + 1)
    assert again["content"]["comm_id"] == message["content"]["comm_id"]
    assert again["content"]["data"]["session"] == message["content"]["data"]["session"]
    after = notebook.output.messages.index(again) + 1
    notebook.output.until(lambda m: told(m).get("kind") == "picture", after)
    assert notebook.page().ask("invoke", name="half", payload='{"n": 1}')["payload"] == "0.5"
    notebook.interrupt()
    notebook.end(cell)
    assert not [m for m in notebook.output.messages if m["msg_type"] == "comm_close"]


def test_a_slow_action_holds_up_nobody(notebook: Notebook) -> None:
    notebook.run(
        "%%lambda slow --timeout 30\nimport time\ndef handler(event, context):\n"
        "    time.sleep(event['s'])\n    return 'slept'"
    )
    page = notebook.page()
    slow = page.begin("invoke", name="slow", payload='{"s": 4}')
    assert page.ask("invoke", name="half", payload='{"n": 2}')["payload"] == "1.0"
    order = [told(m)["id"] for m in notebook.output.messages if told(m).get("page") == page.id]
    assert slow not in order
    assert json.loads(page.reply(slow)["payload"]) == "slept"


def test_two_pages_do_not_mix(notebook: Notebook) -> None:
    first, second = notebook.page(), notebook.page()
    asked = [
        page.begin("invoke", name="half", payload=json.dumps({"n": n}))
        for n, page in ((2, first), (4, second))
    ]
    assert asked == [1, 1]
    assert first.reply(1)["payload"] == "1.0"
    assert second.reply(1)["payload"] == "2.0"
    watches = [page.begin("watch_logs", name="half") for page in (first, second)]
    first.push(watches[0], lambda lines: True)
    second.push(watches[1], lambda lines: True)
    first.close()
    assert first.reply(watches[0]) is None  # its watch has ended; the other goes on
    invoked = second.ask("invoke", name="half", payload='{"n": 77}')["request_id"]
    second.push(watches[1], lambda lines: any(one["request_id"] == invoked for one in lines))
    second.ask("stop", id=watches[1])


def test_an_action_that_is_refused(notebook: Notebook) -> None:
    page = notebook.page()
    with pytest.raises(Fault, match=r"UnknownAction: .*'fly'"):
        page.ask("fly")
    with pytest.raises(Fault, match="ResourceNotFoundException: Function not found"):
        page.ask("details", name="nobody")
    with pytest.raises(Fault, match="the payload is no JSON"):
        page.ask("invoke", name="half", payload="{")


def test_the_oldest_watch_ends_when_there_are_too_many(notebook: Notebook) -> None:
    page = notebook.page()
    watches = [page.begin("watch_logs", name="half") for _ in range(25)]
    with pytest.raises(Fault, match="TooManyWatches: a kernel follows 24 things at most"):
        page.reply(watches[0])
    page.close()
    for watch in watches[1:]:
        assert page.reply(watch) is None


def test_nothing_is_printed_and_no_name_of_the_notebook_is_touched(notebook: Notebook) -> None:
    before = notebook.run("print(sorted(n for n in dir() if not n.startswith('_')))")
    cell = notebook.begin("import time\ntime.sleep(2)")
    page = notebook.page()
    page.ask("invoke", name="half", payload="{}")
    with pytest.raises(Fault):
        page.ask("settings", name="nobody")
    assert notebook.end(cell) == ""
    after = notebook.run("print(sorted(n for n in dir() if not n.startswith('_')))")
    assert eval(after) == sorted({*eval(before), "time"})


def test_a_silent_page_loses_its_watches(notebook: Notebook) -> None:
    notebook.run("from lambda_nb.notebook.workbench import hub; hub.SILENCE_S = 0.5")
    page = notebook.page()
    page.ask("alive")
    watch = page.begin("watch_logs", name="half")
    page.push(watch, lambda lines: True)
    time.sleep(0.6)  # longer than a page may be silent
    notebook.page().ask("alive")
    assert page.reply(watch) is None
    notebook.run("hub.SILENCE_S = 180.0")


def kill_engine(notebook: Notebook) -> None:
    notebook.run(
        "import os, re, signal\n"
        "os.kill(int(re.search(r'process (\\d+)', repr(get_ipython().run_line_magic('lambda', "
        "'status')))[1]), signal.SIGKILL)"
    )


def test_a_lost_engine_is_told_and_the_cell_gets_its_message(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with kernel(tmp_path_factory.mktemp("lost"), "%load_ext lambda_nb", HALF) as notebook:
        notebook.run(
            "%%lambda slow --timeout 60\nimport time\ndef handler(event, context): time.sleep(50)"
        )
        page = notebook.page()
        page.function("half")
        running = page.begin("invoke", name="slow", payload="{}")
        page.function("slow", lambda row: row["environments"]["running"])
        page.from_now()
        kill_engine(notebook)
        with pytest.raises(Fault, match="EngineLost: the engine ended; "):
            page.reply(running)
        picture = page.picture(lambda picture: picture["lost"])
        assert picture["place"] == "none"
        assert picture["functions"] == []
        assert picture["error"].startswith("the engine ended; ")
        with pytest.raises(Fault, match="EngineLost: the engine ended; "):
            page.ask("invoke", name="half", payload='{"n": 1}')
        assert "the engine ended (exit code -9)" in notebook.run("half({'n': 1})")
        page.from_now()
        notebook.run(HALF)
        row = page.function("half", lambda row: row["cell"] == HALF)
        assert row["state"] == "Active"
        assert page.ask("invoke", name="half", payload='{"n": 6}')["payload"] == "3.0"


def test_unloading_says_good_bye_and_leaves_no_thread(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with kernel(tmp_path_factory.mktemp("un"), "%load_ext lambda_nb", HALF) as notebook:
        page = notebook.page()
        page.function("half")
        watch = page.begin("watch_activity", name="half")
        page.push(watch, lambda now: True)
        before = {told(m)["session"] for m in notebook.output.messages if "session" in told(m)}
        notebook.run("%unload_ext lambda_nb")
        notebook.output.until(lambda m: told(m).get("kind") == "bye")
        assert notebook.run(THREADS) == "[]\n"
        seen = len(notebook.output.messages)
        notebook.run("%load_ext lambda_nb")
        message = notebook.output.until(lambda m: told(m).get("kind") == "hello" and told(m), seen)
        assert message["session"] not in before
        again = Page(notebook)
        notebook.run(HALF)
        again.function("half")


def test_without_a_page_nothing_runs(tmp_path_factory: pytest.TempPathFactory) -> None:
    with kernel(tmp_path_factory.mktemp("quiet"), "%load_ext lambda_nb", HALF) as notebook:
        notebook.run("half({'n': 1})")
        assert "lambda_nb picture" not in notebook.run(THREADS)
        assert not [m for m in notebook.output.messages if told(m).get("kind") == "picture"]
        page = notebook.page()
        with pytest.raises(Fault, match="ResourceNotFoundException"):
            page.ask("settings", name="nobody")


def test_before_anything_is_used_a_page_hears_so(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with kernel(tmp_path_factory.mktemp("none"), "%load_ext lambda_nb") as notebook:
        page = notebook.page()
        notebook.run("%lambda stop")
        page.from_now()
        page.ask("refresh")
        with pytest.raises(Fault, match="NoConnection: there is no engine yet"):
            page.ask("settings", name="half")


def test_after_the_good_bye_no_action_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page may not have heard it yet, and the notebook may be connected to AWS."""
    ran: list[str] = []
    hub = Hub(lambda: None, lambda hub: None)
    monkeypatch.setattr(hub.channel, "send", lambda told: None)
    hub.register("delete", lambda args, push, stopped: ran.append("delete"))
    hub._receive({"page": "a", "id": 1, "action": "delete"})
    hub.join()
    hub.close()
    hub._receive({"page": "a", "id": 2, "action": "delete"})
    hub.join()
    assert ran == ["delete"]


def test_a_value_that_is_no_json_is_an_error_of_the_action(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the page would wait for ever."""
    sent: list[dict[str, Any]] = []
    hub = Hub(lambda: None, lambda hub: None)
    monkeypatch.setattr(hub.channel, "send", lambda told: sent.append(json.loads(json.dumps(told))))
    hub.register("odd", lambda args, push, stopped: object())
    hub._receive({"page": "a", "id": 1, "action": "odd"})
    hub.join()
    (reply,) = sent
    assert reply["kind"] == "reply"
    assert reply["error"]["type"] == "TypeError"
