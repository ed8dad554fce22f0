"""A public client of the Debug Adapter Protocol (dap-python) debugs a function.

Its models refuse responses and events that are not those of the protocol.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engine_fixtures import Engine, engine, start_engine

from lambda_nb.notebook.connection.clients import engine_status

__all__ = ["engine", "start_engine"]

dap = pytest.importorskip("dap")
events = pytest.importorskip("dap.events")
handler = pytest.importorskip("dap.handler")
responses = pytest.importorskip("dap.responses")

CODE = "def handler(event, context):\n    n = event['n']\n    return n + 1\n"
WITHIN_S = 30


class Handler(handler.Handler):  # type: ignore[name-defined, misc]
    """dap-python's, without two mistakes of 0.5.0.

    It looks for a whole response in the body of one without a body, and takes the numbers of
    breakpoints in ``stopped`` for text.
    """

    def handle_event(self, event: Any) -> Any:
        hit = (event.body or {}).get("hitBreakpointIds", [])
        assert all(isinstance(one, int) for one in hit)
        if hit:
            event.body["hitBreakpointIds"] = [str(one) for one in hit]
        return super().handle_event(event)

    def handle_response(self, response: Any) -> Any:
        if response.success and not response.body:
            assert self.client._pending_requests.pop(response.request_seq).command
            return response
        return super().handle_response(response)


class Editor:
    """An editor: dap-python on a socket."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.socket = socket.create_connection((row["host"], row["port"]), timeout=WITHIN_S)
        self.client = dap.Client(adapter_id="lambda", path_format="path")
        self.client.handler = Handler(self.client)
        self.seen: list[Any] = []
        self.flush()
        self.until(responses.Initialized)
        self.client.send_request("attach", {"token": row["token"], "justMyCode": True})
        self.flush()
        self.until(events.InitializedEvent)

    def flush(self) -> None:
        self.socket.sendall(self.client.send())

    def until(self, kind: type) -> Any:
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            for one in self.seen:
                if isinstance(one, kind):
                    self.seen.remove(one)
                    return one
            self.seen += self.client.receive(self.socket.recv(1 << 16))
        raise AssertionError(f"no {kind.__name__} in {self.seen}")

    def ask(self, kind: type, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        call(*arguments, **named)
        self.flush()
        return self.until(kind)


@pytest.fixture
def debugged(engine: Engine) -> Iterator[str]:
    name = engine.create(CODE, Environment={"Variables": {"LAMBDA_NB_DEBUG": "1"}}, Timeout=1)
    yield name
    engine.client().delete_function(FunctionName=name)


def session(engine: Engine, name: str) -> dict[str, Any]:
    told = engine_status(engine.client(), f"debug?function={name}")
    assert told is not None
    (row,) = told["sessions"]
    return dict(row)


def test_a_public_client_debugs_a_function(engine: Engine, debugged: str) -> None:
    row = session(engine, debugged)
    assert (row["language"], row["state"], row["root"]) == ("python", "waiting", "/var/task")
    editor = Editor(row)
    client = editor.client
    wanted = [{"line": 3}]
    source = {"path": "/var/task/index.py"}
    told = editor.ask(responses.SetBreakpointsResponse, client.set_breakpoints, source, wanted)
    assert told.breakpoints[0].line == 3
    client.configuration_done()
    editor.flush()
    answers: list[Any] = []
    caller = engine.client("lambda", verify=False)

    def call() -> None:
        answers.append(caller.invoke(FunctionName=debugged, Payload=b'{"n": 41}'))

    calling = threading.Thread(target=call)
    calling.start()
    stopped = editor.until(events.StoppedEvent)
    thread = stopped.threadId
    assert session(engine, debugged)["state"] == "stopped"
    frames = editor.ask(responses.StackTraceResponse, client.stack_trace, thread)
    frame = frames.stackFrames[0]
    assert (frame.name, frame.line, frame.source.path) == ("handler", 3, "/var/task/index.py")
    scopes = editor.ask(responses.ScopesResponse, client.scopes, frame.id)
    local = scopes.scopes[0].variablesReference
    values = editor.ask(responses.VariablesResponse, client.variables, local)
    assert {one.name: one.value for one in values.variables}["n"] == "41"
    editor.ask(responses.Continued, client.continue_, thread)
    calling.join(WITHIN_S)
    assert json.loads(answers[0]["Payload"].read()) == 42
    editor.socket.close()


def test_the_page_is_signed_and_lists_all(engine: Engine, debugged: str) -> None:
    told = engine_status(engine.client(), "debug")
    assert told is not None
    assert debugged in {row["function"] for row in told["sessions"]}
    stranger = engine.client(
        "lambda", aws_access_key_id="AKIDOFANOTHERONE", aws_secret_access_key="none"
    )
    assert "sessions" not in (engine_status(stranger, "debug") or {})
    plain = engine.create(CODE)
    assert engine_status(engine.client(), f"debug?function={plain}") == {"sessions": []}


def test_settings_turn_it_on_and_off(engine: Engine) -> None:
    name = engine.create(CODE)
    client = engine.client()

    def set_variables(variables: dict[str, str]) -> None:
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )
        engine.wait(name)

    set_variables({"LAMBDA_NB_DEBUG": "1"})
    row = session(engine, name)
    editor = Editor(row)
    set_variables({})
    editor.until(events.TerminatedEvent)
    assert engine_status(client, f"debug?function={name}") == {"sessions": []}
    editor.socket.close()


def test_a_restarted_engine_debugs_what_it_has_kept(
    start_engine: Callable[..., Engine],
) -> None:
    first = start_engine(directory="kept")
    name = first.create(CODE, Environment={"Variables": {"LAMBDA_NB_DEBUG": "1"}})
    before = session(first, name)
    editor = Editor(before)
    assert first.stop() == 0
    editor.socket.close()
    second = start_engine(directory="kept")
    after = session(second, name)
    assert after["token"] == before["token"]  # a launch configuration stays good but for its port
    editor = Editor(after)
    answer = second.client().invoke(FunctionName=name, Payload=b'{"n": 1}')
    assert json.loads(answer["Payload"].read()) == 2
    editor.socket.close()
