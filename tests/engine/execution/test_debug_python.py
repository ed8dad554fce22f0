"""Python functions under a debugger: stops, time limits, clients that come and go."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from typing import Any

import debug_lab
import psutil
import pytest
from dap_client import DapClient, RefusedError
from debug_lab import attached, invoking, lasts, row, session
from execution_lab import Lab, MakeLab, at_level, lab, make_lab, until

from lambda_nb.engine.execution.debugging import clients
from lambda_nb.engine.execution.debugging import session as sessions
from lambda_nb.engine.execution.debugging.languages import LANGUAGES
from lambda_nb.engine.execution.runtimes import interpreters
from lambda_nb.engine.model import FunctionVersion

__all__ = ["at_level", "lab", "make_lab"]

APP = "/var/task/app.py"
SOURCE = """import os
STARTED = "yes"
def helper(n):
    doubled = n * 2
    return doubled
def handler(event, context):
    n = event["n"]
    answer = helper(n)
    if n == 13:
        raise ValueError("thirteen")
    return {"answer": answer, "pid": os.getpid()}
"""
STOP, INSIDE, LAST = 8, 4, 11


def debugged(lab: Lab, source: str = SOURCE, **settings: Any) -> FunctionVersion:
    return debug_lab.debugged(lab, {"app.py": source}, **settings)


# --- stopping


async def test_stops_at_a_breakpoint_set_before_the_first_event(at_level: Lab) -> None:
    function = debugged(at_level)
    client = await attached(at_level, function, STOP)
    called = invoking(at_level, function, 21)
    frame = await client.stop()
    assert (frame["name"], frame["line"]) == ("handler", STOP)
    assert frame["source"]["path"] == APP
    assert [one["name"] for one in frame["frames"]] == ["handler"]  # not the runtime's own frames
    assert (await client.variables(frame))["n"] == "21"
    assert row(at_level, function)["state"] == "stopped"
    await client.ask("continue", threadId=frame["threadId"])
    assert json.loads((await called).payload)["answer"] == 42
    assert row(at_level, function)["state"] == "running"
    again = invoking(at_level, function, 1)
    frame = await client.stop()
    await client.ask("continue", threadId=frame["threadId"])
    assert (await again).start == "warm"
    await client.close()


async def test_steps_variables_and_expressions(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(lab, function, STOP)
    called = invoking(lab, function, 5)
    frame = await client.stop()
    thread = frame["threadId"]
    assert (await client.variables(frame))["n"] == "5"
    await client.ask("stepIn", threadId=thread)
    frame = await client.stop()
    assert [one["name"] for one in frame["frames"]] == ["helper", "handler"]
    await client.ask("next", threadId=thread)
    frame = await client.stop()
    assert (await client.variables(frame))["doubled"] == "10"
    told = await client.ask("evaluate", expression="doubled + 1", frameId=frame["id"])
    assert told["result"] == "11"
    scopes = (await client.ask("scopes", frameId=frame["id"]))["scopes"]
    await client.ask(
        "setVariable",
        variablesReference=scopes[0]["variablesReference"],
        name="doubled",
        value="99",
    )
    await client.ask("stepOut", threadId=thread)
    frame = await client.stop()
    assert frame["name"] == "handler"
    await client.ask("continue", threadId=thread)
    assert json.loads((await called).payload)["answer"] == 99
    await client.close()


async def test_stepping_out_of_the_handler_ends_the_invocation(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(lab, function, LAST)
    called = invoking(lab, function)
    frame = await client.stop()
    await client.ask("next", threadId=frame["threadId"])
    assert json.loads((await called).payload)["answer"] == 2
    await client.close()


async def test_the_init_phase_can_be_debugged(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(lab, function, 2)
    called = invoking(lab, function)
    frame = await client.stop()
    assert (frame["name"], frame["line"]) == ("<module>", 2)
    await client.ask("continue", threadId=frame["threadId"])
    assert not (await called).function_error
    await client.close()


async def test_conditions_hit_counts_and_logpoints(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(
        lab,
        function,
        {"line": STOP, "condition": "n == 3"},
        {"line": INSIDE, "logMessage": "n is {n}"},
    )
    assert (await lab.invoke(function, {"n": 1})).start == "cold"
    output = await client.event("output", lambda body: "n is 1" in body["output"])
    assert output
    called = invoking(lab, function, 3)
    frame = await client.stop()
    assert (await client.variables(frame))["n"] == "3"
    await client.ask("continue", threadId=frame["threadId"])
    await called
    await client.close()


async def test_stops_at_what_the_handler_raises(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(lab, function, filters=["uncaught"])
    called = invoking(lab, function, 13)
    frame = await client.stop()
    assert (frame["reason"], frame["name"].split()[0]) == ("exception", "handler")
    told = await client.ask("exceptionInfo", threadId=frame["threadId"])
    assert told["description"] == "thirteen"
    await client.ask("continue", threadId=frame["threadId"])
    assert json.loads((await called).payload)["errorType"] == "ValueError"
    await client.close()


async def test_breakpoints_are_verified_when_the_process_comes(lab: Lab) -> None:
    function = debugged(lab)
    told = await session(lab, function)
    client = await DapClient.connect(told["port"])
    (pending,) = await client.attach(told["token"], {APP: [STOP]})
    assert (pending["verified"], pending["line"]) == (False, STOP)
    called = invoking(lab, function)
    changed = await client.event("breakpoint")
    assert changed["breakpoint"]["id"] == pending["id"]
    assert changed["breakpoint"]["verified"]
    hit = await client.event("stopped")
    assert hit["hitBreakpointIds"] == [pending["id"]]
    assert await client.break_at(APP) == []
    await client.ask("continue", threadId=hit["threadId"])
    await called
    await lab.invoke(function, {"n": 1})
    await client.close()


async def test_sources_of_the_function_and_its_libraries(lab: Lab) -> None:
    source = "import json\ndef handler(event, context):\n    return json.dumps(event)\n"
    function = debugged(lab, source)
    client = await attached(lab, function, 3, justMyCode=False)
    called = invoking(lab, function)
    frame = await client.stop()
    told = await client.ask("source", source={"path": APP})
    assert told["content"] == source
    await client.ask("stepIn", threadId=frame["threadId"])
    frame = await client.stop()
    assert frame["name"] == "dumps"
    told = await client.ask("source", source=frame["source"])
    assert "def dumps" in told["content"]
    with pytest.raises(RefusedError, match="no source"):
        await client.ask("source", source={"path": "/etc/passwd"})
    await client.ask("continue", threadId=frame["threadId"])
    await called
    await client.close()


async def test_the_files_of_an_editor_are_mapped(lab: Lab) -> None:
    function = debugged(lab)
    told = await session(lab, function)
    client = await DapClient.connect(told["port"])
    mapped = [{"localRoot": "/home/me/cells", "remoteRoot": "/var/task"}]
    await client.attach(told["token"], {"/home/me/cells/app.py": [STOP]}, pathMappings=mapped)
    called = invoking(lab, function)
    frame = await client.stop()
    assert frame["source"]["path"] == "/home/me/cells/app.py"
    await client.ask("continue", threadId=frame["threadId"])
    await called
    await client.close()


# --- time limits


async def test_the_timeout_goes_on_afterwards(lab: Lab) -> None:
    source = "import time\ndef handler(event, context):\n    n = 1\n    time.sleep(60)\n"
    function = debugged(lab, source, timeout_s=1)
    client = await attached(lab, function, 3)
    called = invoking(lab, function)
    frame = await client.stop()
    assert await lasts(called, 1.5)
    await client.ask("continue", threadId=frame["threadId"])
    assert b"timed out after 1.00 seconds" in (await called).payload.lower()
    again = invoking(lab, function)  # the next process has the same breakpoints
    frame = await client.stop()
    assert frame["line"] == 3
    await client.ask("disconnect")
    await again
    await client.close()


async def test_the_init_limit_waits_too(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from lambda_nb.engine.execution.environment import environment

    monkeypatch.setattr(environment.Environment.start, "__defaults__", (3.0,))
    function = debugged(lab)
    client = await attached(lab, function, 2)
    called = invoking(lab, function)
    frame = await client.stop()
    assert await lasts(called, 3.5)
    await client.ask("continue", threadId=frame["threadId"])
    assert not (await called).function_error
    await client.close()


# --- other events


async def test_only_the_environment_with_the_debugger_is_kept(make_lab: MakeLab) -> None:
    lab = await make_lab(keep_alive_s=0.2)
    function = debugged(lab)
    first = json.loads((await lab.invoke(function, {"n": 1})).payload)["pid"]
    await asyncio.sleep(0.6)
    result = await lab.invoke(function, {"n": 1})
    assert (result.start, json.loads(result.payload)["pid"]) == ("warm", first)


async def test_without_the_variable_there_is_no_debugger(lab: Lab) -> None:
    source = "import sys\ndef handler(event, context):\n    return 'debugpy' in sys.modules"
    function = lab.function(source)
    assert (await lab.invoke(function)).payload == b"false"
    assert lab.executor.debuggers.status() == []
    off = lab.function(source, environment={"LAMBDA_NB_DEBUG": "0"})
    assert (await lab.invoke(off)).payload == b"false"


async def test_the_function_sees_nothing_of_the_way_to_the_engine(lab: Lab) -> None:
    source = (
        "import os, sys\n"
        "def handler(event, context):\n"
        "    return [sorted(os.environ), sys.path, sys.argv]"
    )
    plain = json.loads((await lab.invoke(lab.function(source))).payload)
    under = json.loads((await lab.invoke(debugged(lab, source))).payload)
    assert set(under[0]) - set(plain[0]) == {"LAMBDA_NB_DEBUG"}
    assert [len(under[1]), under[2]] == [len(plain[1]), plain[2]]
    assert lab.sink.text.count("debug") == 0  # no warnings of the debugger


# --- clients


async def test_a_client_without_the_token_is_refused(lab: Lab) -> None:
    function = debugged(lab)
    told = await session(lab, function)
    client = await DapClient.connect(told["port"])
    await client.ask("initialize")
    with pytest.raises(RefusedError, match="is missing or wrong"):
        await client.ask("attach", token="guessed")
    with pytest.raises(RefusedError, match="Attach first"):
        await client.ask("evaluate", expression="1")
    await client.close()


async def test_a_web_page_gets_no_answer(lab: Lab) -> None:
    told = await session(lab, debugged(lab))
    reader, writer = await asyncio.open_connection("127.0.0.1", told["port"])
    writer.write(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        pytest.param(b"[" * 200_000, False, id="nested too deep"),
        pytest.param(b'"' + b"x" * (2 << 20) + b'"', False, id="much, before the token"),
        pytest.param(b"{no JSON", False, id="no JSON"),
        pytest.param(
            b'{"type":"request","seq":1,"command":"attach","arguments":[]}', True, id="a list"
        ),
        pytest.param(
            b'{"type":"request","seq":1,"command":"attach","arguments":7}', True, id="a number"
        ),
    ],
)
async def test_nonsense_is_answered_or_hung_up_on(
    lab: Lab, caplog: pytest.LogCaptureFixture, sent: bytes, answers: bool
) -> None:
    told = await session(lab, debugged(lab))
    reader, writer = await asyncio.open_connection("127.0.0.1", told["port"])
    writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(sent), sent))
    if answers:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        answer = json.loads(await reader.readexactly(int(head.split(b":")[1])))
        assert (answer["request_seq"], answer["success"]) == (1, False)
        assert answer["message"]
    else:
        with contextlib.suppress(ConnectionError):  # hung up on before all of it was read
            assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    assert caplog.records == []


async def test_a_stranger_is_hung_up_on(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_ATTACHES_WITHIN_S", 0.3)
    function = debugged(lab)
    client = await attached(lab, function)
    stranger = await DapClient.connect(row(lab, function)["port"])
    await stranger.ask("initialize")
    await asyncio.wait_for(stranger.ended.wait(), 5)
    assert not client.ended.is_set()
    assert (await client.ask("threads")) == {"threads": []}
    await stranger.close()
    await client.close()


async def test_one_of_two_clients_that_attach_at_once_is_refused(lab: Lab) -> None:
    function = debugged(lab)
    told = await session(lab, function)
    both = [await DapClient.connect(told["port"]) for _ in range(2)]
    found = lab.executor.debuggers._debugged[function.name, "$LATEST"].session
    assert found is not None
    async with found._turn:  # both wait for a process that is being prepared
        asking = [asyncio.ensure_future(one.ask("attach", token=told["token"])) for one in both]
        await asyncio.sleep(0.1)
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert sum(isinstance(one, RefusedError) for one in answers) == 1
    for one in both:
        await one.close()


async def test_a_second_client_is_refused(lab: Lab) -> None:
    function = debugged(lab)
    first = await attached(lab, function, STOP)
    second = await DapClient.connect(row(lab, function)["port"])
    await second.ask("initialize")
    with pytest.raises(RefusedError, match="another debugger attached"):
        await second.ask("attach", token=row(lab, function)["token"])
    await first.ask("disconnect")
    await second.attach(row(lab, function)["token"], {APP: [STOP]})
    called = invoking(lab, function)
    frame = await second.stop()
    await second.ask("continue", threadId=frame["threadId"])
    await called
    await first.close()
    await second.close()


async def test_breakpoint_without_a_client_does_not_wait(lab: Lab) -> None:
    source = "def handler(event, context):\n    breakpoint()\n    return 'on'\n"
    function = debugged(lab, source)
    result = await asyncio.wait_for(lab.invoke(function), 20)
    assert result.payload == b'"on"'


# --- changes of the function


async def test_an_update_while_stopped_debugs_the_new_code(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(lab, function, STOP)
    called = invoking(lab, function)
    await client.stop()
    newer = replace(debugged(lab, SOURCE.replace("n * 2", "n * 3")), name=function.name)
    lab.executor.hooks.code_changed(function.name, "$LATEST")
    assert json.loads((await asyncio.wait_for(called, 10)).payload)["answer"] == 2
    await client.event("continued")
    called = invoking(lab, newer)
    frame = await client.stop()  # the client is still there, with its breakpoints
    await client.ask("continue", threadId=frame["threadId"])
    assert json.loads((await called).payload)["answer"] == 3
    await client.close()


async def test_an_update_without_the_variable_ends_the_session(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(lab, function, STOP)
    await client.ask("threads")
    plain = replace(lab.function(SOURCE), name=function.name)
    lab.executor.hooks.code_changed(function.name, "$LATEST")
    lab.executor.hooks.prepare(plain)
    await client.event("terminated")
    await asyncio.wait_for(client.ended.wait(), 10)
    assert (await lab.invoke(plain, {"n": 1})).payload
    assert lab.executor.debuggers.status() == []
    await client.close()


async def test_a_deletion_while_stopped_ends_the_session(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(lab, function, STOP)
    called = invoking(lab, function)
    await client.stop()
    lab.executor.hooks.deleted(function.name, None)
    await client.event("terminated")
    assert (await asyncio.wait_for(called, 10)).payload
    await until(lambda: not list(lab.executor.status()["environments"]))
    await client.close()


async def test_functions_without_a_debugger_wait_for_no_session(lab: Lab) -> None:
    function = debugged(lab)
    await session(lab, function)
    async with lab.executor.debuggers._turns[function.name, "$LATEST"]:  # say, one that closes
        assert (await asyncio.wait_for(lab.invoke(lab.function(SOURCE), {"n": 1}), 20)).payload
        assert (await asyncio.wait_for(lab.invoke(debugged(lab), {"n": 1}), 20)).payload
    lab.executor.hooks.deleted(function.name, None)
    await until(lambda: len(lab.executor.debuggers._turns) == 1)


async def test_a_debugger_that_does_not_answer_is_left(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_LET_GO_WITHIN_S", 0.3)
    function = debugged(lab, timeout_s=3)
    client = await attached(lab, function, STOP)
    called = invoking(lab, function)
    await client.stop()
    (environment,) = lab.executor.status()["environments"]
    process = psutil.Process(environment["pid"])
    process.suspend()
    await until(lambda: process.status() == psutil.STATUS_STOPPED)  # not one answer more
    await client.close()
    again = await attached(lab, function)  # it does not wait for the stuck process
    await again.close()
    result = await asyncio.wait_for(called, 15)
    assert result.error_type == "Sandbox.Timedout"  # the time goes on, without a client
    assert json.loads((await lab.invoke(function, {"n": 1})).payload)["answer"] == 2


async def test_what_is_asked_of_a_process_that_ends_is_kept_for_the_next(lab: Lab) -> None:
    function = debugged(lab)
    await lab.invoke(function, {"n": 1})
    (environment,) = lab.executor.status()["environments"]
    process = psutil.Process(environment["pid"])
    process.suspend()
    await until(lambda: process.status() == psutil.STATUS_STOPPED)
    attaching = asyncio.ensure_future(attached(lab, function, STOP))
    await until(lambda: row(lab, function)["attached"])
    process.kill()
    client = await attaching
    stopping = asyncio.ensure_future(client.stop())
    while not stopping.done():  # as on Lambda, an event may still meet the end of the process
        called = invoking(lab, function)
        await asyncio.wait([called, stopping], return_when=asyncio.FIRST_COMPLETED)
    frame = await stopping
    await client.ask("continue", threadId=frame["threadId"])
    assert json.loads((await called).payload)["answer"] == 2
    await client.close()


async def test_a_process_that_ends_is_followed_by_the_next(lab: Lab) -> None:
    source = "import os\ndef handler(event, context):\n    n = event['n']\n    os._exit(n)\n"
    function = debugged(lab, source)
    client = await attached(lab, function, 3)
    for _ in range(2):
        called = invoking(lab, function)
        frame = await client.stop()
        await client.ask("continue", threadId=frame["threadId"])
        assert b"exit status 1" in (await called).payload
        await client.event("thread", lambda body: body["reason"] == "exited")
    await client.close()


async def test_a_child_of_the_function_does_not_stop(lab: Lab) -> None:
    source = """import os
def work(n):
    return n + 1
def handler(event, context):
    pid = os.fork()
    if pid == 0:
        os._exit(work(1))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""
    function = debugged(lab, source, timeout_s=10)
    client = await attached(lab, function, 3)
    result = await asyncio.wait_for(lab.invoke(function), 20)
    assert result.payload == b"2"
    await client.close()


# --- where it cannot be


async def test_a_port_that_is_taken_is_said(lab: Lab) -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    function = debugged(lab, environment={"LAMBDA_NB_DEBUG": str(port)})
    told = await session(lab, function)
    assert told["state"] == "unavailable"
    assert f"Port {port} cannot be opened" in told["problem"]
    assert (await lab.invoke(function, {"n": 1})).payload
    assert f"No debugger: Port {port}" in lab.sink.text
    again = await lab.invoke(function, {"n": 1})
    assert again.start == "warm"  # an environment is kept as that of any other function
    server.close()
    await server.wait_closed()
    assert (await session(lab, function))["state"] == "waiting"  # the port is free now


async def test_a_port_of_ones_own(lab: Lab, unused_port: int) -> None:
    function = debugged(lab, environment={"LAMBDA_NB_DEBUG": str(unused_port)})
    assert (await session(lab, function))["port"] == unused_port


async def test_a_language_without_a_debugger_is_said(lab: Lab) -> None:
    function = debugged(lab, runtime="ruby3.3")
    assert "no debugger for ruby3.3" in (await session(lab, function))["problem"]


async def test_the_memory_of_the_debugger_is_not_the_functions(lab: Lab) -> None:
    source = "def handler(event, context):\n    return len(b'x' * (75 << 20))\n"
    function = debugged(lab, source, memory_mb=128)
    result = await lab.invoke(function)
    assert result.payload == str(75 << 20).encode()
    assert function.memory_limit_mb > function.memory_mb
    assert lab.function(source).memory_limit_mb == 128


async def test_started_without_fork(make_lab: MakeLab) -> None:
    lab = await make_lab(fork=False)
    function = debugged(lab)
    client = await attached(lab, function, STOP)
    called = invoking(lab, function)
    frame = await client.stop()
    await client.ask("continue", threadId=frame["threadId"])
    assert json.loads((await called).payload)["answer"] == 2
    await client.close()


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])
async def test_every_version_of_python(lab: Lab, version: str) -> None:
    """debugpy is that of the engine; another version of Python has it without compiled parts."""
    if version not in interpreters.pythons():
        pytest.skip(f"needs python{version}")
    function = debugged(lab, SOURCE, runtime=f"python{version}")
    client = await attached(lab, function, STOP, filters=["uncaught"])
    called = invoking(lab, function, 13)
    frame = await client.stop()
    assert (frame["line"], (await client.variables(frame))["n"]) == (STOP, "13")
    await client.ask("stepIn", threadId=frame["threadId"])
    frame = await client.stop()
    assert frame["name"] == "helper"
    await client.ask("continue", threadId=frame["threadId"])
    frame = await client.stop()
    assert frame["reason"] == "exception"
    await client.ask("continue", threadId=frame["threadId"])
    assert json.loads((await called).payload)["errorType"] == "ValueError"
    assert "debug" not in lab.sink.text.lower()
    await client.close()


async def test_a_provisioned_environment_has_the_debugger(make_lab: MakeLab) -> None:
    known: dict[str, FunctionVersion] = {}
    lab = await make_lab(function_version=lambda name, version: known[name])
    function = debugged(lab, version="1")
    known[function.name] = function
    lab.executor.hooks.provisioned(function.name, "1", 1)
    hooks = lab.executor.hooks
    await until(lambda: hooks.provisioned_status(function.name, "1").available == 1)
    client = await attached(lab, function, STOP)
    called = invoking(lab, function)
    frame = await client.stop()
    await client.ask("continue", threadId=frame["threadId"])
    assert (await called).start == "provisioned"
    await client.close()


async def test_capabilities_are_those_of_pydevd(lab: Lab) -> None:
    """What a session promises before there is a process, the process can do."""
    function = debugged(lab)
    client = await attached(lab, function)
    await lab.invoke(function, {"n": 1})
    found = lab.executor.debuggers._debugged[function.name, "$LATEST"].session
    assert found is not None
    assert found._debuggee is not None
    theirs = await found._debuggee.ask("initialize", {"adapterID": "test"})
    ours = LANGUAGES["python"].capabilities
    assert {name: theirs.get(name) for name in ours} == ours
    await client.close()


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
