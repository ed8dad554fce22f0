"""Node.js functions under a debugger, as an editor that speaks DAP sees them."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import debug_lab
import pytest
from dap_client import DapClient, RefusedError
from debug_lab import invoking, row
from execution_lab import Lab, at_level, error, lab, make_lab

from lambda_nb.engine.model import FunctionVersion

__all__ = ["at_level", "lab", "make_lab"]

APP = "/var/task/app.js"
SOURCE = """const started = "yes";
function helper(n) {
  const doubled = n * 2;
  return doubled;
}
exports.handler = async (event) => {
  const n = event.n;
  const order = { number: 7, lines: [1, 2], name: "tea", when: new Date(0), inner: { deep: true } };
  const answer = helper(n);
  if (n === 13) throw new Error("thirteen");
  await new Promise((go) => setTimeout(go, 5));
  if (n === 14) throw new TypeError("fourteen");
  try { throw new Error("caught"); } catch { }
  return { answer, pid: process.pid };
};
"""
STOP, INSIDE, LATE = 9, 3, 12


def debugged(lab: Lab, source: str = SOURCE, **settings: Any) -> FunctionVersion:
    files = settings.pop("files", {"app.js": source})
    return debug_lab.debugged(lab, files, runtime="nodejs20.x", **settings)


attached = partial(debug_lab.attached, path=APP)


async def scope(client: DapClient, frame: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    scopes = (await client.ask("scopes", frameId=frame["id"]))["scopes"]
    reference = next(one for one in scopes if one["name"] == name)["variablesReference"]
    return await properties(client, reference)


async def properties(client: DapClient, reference: int) -> dict[str, dict[str, Any]]:
    told = await client.ask("variables", variablesReference=reference)
    return {one["name"]: one for one in told["variables"]}


async def test_stops_at_a_breakpoint_set_before_the_first_event(at_level: Lab) -> None:
    function = debugged(at_level)
    client = await attached(at_level, function, STOP)
    called = invoking(at_level, function, 21)
    changed = await client.event("breakpoint", lambda body: bool(body["breakpoint"]["verified"]))
    assert changed["breakpoint"]["line"] == STOP
    frame = await client.stop()
    assert (frame["name"], frame["line"], frame["reason"]) == (
        "exports.handler",
        STOP,
        "breakpoint",
    )
    assert frame["source"]["path"] == APP
    assert all("/var/runtime" not in one["source"]["path"] for one in frame["frames"])
    assert (await scope(client, frame, "Local"))["n"]["value"] == "21"
    assert row(at_level, function)["state"] == "stopped"
    await client.ask("continue", threadId=1)
    assert json.loads((await called).payload)["answer"] == 42
    again = invoking(at_level, function, 1)
    await client.stop()
    await client.ask("continue", threadId=1)
    assert (await again).start == "warm"
    await client.close()


async def test_steps_variables_and_expressions(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(lab, function, STOP)
    called = invoking(lab, function, 5)
    frame = await client.stop()
    seen = await scope(client, frame, "Local")
    assert seen["order"]["value"].startswith("{number: 7, lines: Array(2), name: 'tea', when: ")
    order = await properties(client, seen["order"]["variablesReference"])
    assert order["lines"]["value"] == "(2) [1, 2]"
    assert (order["name"]["value"], order["number"]["value"]) == ("'tea'", "7")
    inner = await properties(client, order["inner"]["variablesReference"])
    assert inner["deep"]["value"] == "true"
    await client.ask("stepIn", threadId=1)
    frame = await client.stop()
    assert [one["name"] for one in frame["frames"]][:2] == ["helper", "exports.handler"]
    await client.ask("next", threadId=1)
    frame = await client.stop()
    told = await client.ask("evaluate", expression="doubled + n", frameId=frame["id"])
    assert told["result"] == "15"
    with pytest.raises(RefusedError, match="ReferenceError: nothing is not defined"):
        await client.ask("evaluate", expression="nothing", frameId=frame["id"])
    with pytest.raises(RefusedError, match="side-effect"):
        await client.ask("evaluate", expression="n = 2", frameId=frame["id"], context="hover")
    await client.ask("stepOut", threadId=1)
    frame = await client.stop()
    assert frame["name"] == "exports.handler"
    scopes = (await client.ask("scopes", frameId=frame["id"]))["scopes"]
    local = scopes[0]["variablesReference"]
    changed = await client.ask("setVariable", variablesReference=local, name="n", value="n + 1")
    assert changed["value"] == "6"
    seen = await properties(client, local)
    order_reference = seen["order"]["variablesReference"]
    await client.ask(
        "setVariable", variablesReference=order_reference, name="number", value="[order.name]"
    )
    assert (await properties(client, order_reference))["number"]["value"] == "(1) ['tea']"
    await client.ask("continue", threadId=1)
    assert json.loads((await called).payload)["answer"] == 10
    with pytest.raises(RefusedError, match="the function has gone on"):
        await client.ask("variables", variablesReference=local)
    await client.close()


async def test_conditions_counts_and_messages(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(
        lab,
        function,
        {"line": 7, "logMessage": "event is {event}, {event.n + 1}, {nothing}"},
        {"line": INSIDE, "condition": "n > 2"},
        {"line": 4, "hitCondition": "3"},
    )
    await asyncio.wait_for(lab.invoke(function, {"n": 1}), 20)
    told = await client.event("output")
    said = 'event is {"n":1}, 2, ReferenceError: nothing is not defined\n'
    assert told["output"] == said
    called = invoking(lab, function, 3)
    assert (await client.stop())["line"] == INSIDE
    await client.ask("continue", threadId=1)
    await called
    await client.break_at(APP, {"line": 4, "hitCondition": "2"})
    await lab.invoke(function, {"n": 1})
    called = invoking(lab, function, 1)
    assert (await client.stop())["line"] == 4
    await client.ask("continue", threadId=1)
    await called
    await client.break_at(APP, {"line": 4, "condition": "nothing > 1"})
    await lab.invoke(function, {"n": 1})
    told = await client.event("output", lambda body: "condition" in body["output"])
    assert told["output"].startswith("The condition nothing > 1 failed: ReferenceError")
    (refused,) = await client.break_at(APP, {"line": 4, "hitCondition": "often"})
    assert "'often': a hit condition is a number" in refused["message"]
    assert "event is" not in lab.sink.text
    await client.close()


@pytest.mark.parametrize(("n", "line", "text"), [(13, 10, "thirteen"), (14, LATE, "fourteen")])
async def test_stops_where_an_error_leaves_the_handler(
    lab: Lab, n: int, line: int, text: str
) -> None:
    function = debugged(lab)
    client = await attached(lab, function, filters=["uncaught"])
    assert not (await lab.invoke(function, {"n": 1})).function_error  # what is caught does not stop
    called = invoking(lab, function, n)
    body = await client.event("stopped")
    assert (body["reason"], text in body["text"]) == ("exception", True)
    frames = (await client.ask("stackTrace", threadId=1))["stackFrames"]
    assert frames[0]["line"] == line
    info = await client.ask("exceptionInfo", threadId=1)
    assert text in info["description"]
    await client.ask("continue", threadId=1)
    told = error(await called)
    assert told["errorMessage"] == text
    assert "app.js" in told["trace"][1]
    assert not (await lab.invoke(function, {"n": 1})).function_error
    await client.close()


async def test_all_exceptions(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(lab, function, filters=["all"])
    called = invoking(lab, function, 1)
    assert (await client.stop())["line"] == 13
    await client.ask("continue", threadId=1)
    assert not (await called).function_error
    await client.close()


async def test_a_stop_while_the_module_is_loaded(lab: Lab) -> None:
    function = debugged(lab)
    client = await attached(lab, function, 1)
    called = invoking(lab, function)
    frame = await client.stop()
    assert frame["line"] == 1
    await client.ask("continue", threadId=1)
    assert not (await called).function_error
    await client.close()


async def test_modules_of_javascript_and_a_pause(lab: Lab) -> None:
    source = (
        "export const handler = async () => {\n"
        "  const end = Date.now() + 15000;\n"
        "  let turns = 0;\n"
        "  while (Date.now() < end && turns >= 0) {\n"
        "    turns += 1;\n"
        "  }\n"
        "  return 'over';\n"
        "};\n"
    )
    function = debugged(lab, files={"app.mjs": source}, timeout_s=30)
    client = await attached(lab, function, 3, path="/var/task/app.mjs")
    called = invoking(lab, function)
    frame = await client.stop()
    assert frame["source"]["path"] == "/var/task/app.mjs"
    await client.ask("continue", threadId=1)
    await client.ask("pause", threadId=1)
    frame = await client.stop()
    assert frame["reason"] == "pause"
    await client.ask("evaluate", expression="turns = -5", frameId=frame["id"])
    await client.ask("continue", threadId=1)
    assert (await called).payload == b'"over"'
    await client.close()


async def test_a_debugger_statement_without_a_client_does_not_wait(lab: Lab) -> None:
    function = debugged(lab, "exports.handler = async () => { debugger; return 'on'; };\n")
    assert (await asyncio.wait_for(lab.invoke(function), 20)).payload == b'"on"'


async def test_the_files_of_an_editor_are_mapped(lab: Lab) -> None:
    function = debugged(lab)
    local = "/home/me/my cells/app.js"
    client = await attached(
        lab, function, STOP, path=local, localRoot="/home/me/my cells", remoteRoot="/var/task"
    )
    called = invoking(lab, function)
    frame = await client.stop()
    assert frame["source"]["path"] == local
    await client.ask("continue", threadId=1)
    await called
    await client.close()


CALLBACK = """exports.handler = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  if (event.n === 1) return callback(null, "by callback");
  if (event.n === 2) throw new Error("at once");
  if (event.n === 3) return Promise.reject("no error");
  return callback(new Error("by callback"));
};
"""


async def test_handlers_of_every_form_end_as_without_a_debugger(lab: Lab) -> None:
    plain = lab.function(files={"app.js": CALLBACK}, runtime="nodejs20.x")
    under = debugged(lab, CALLBACK)
    for n in (1, 2, 3, 4):
        without = await lab.invoke(plain, {"n": n})
        result = await lab.invoke(under, {"n": n})
        assert (result.function_error, result.error_type) == (
            without.function_error,
            without.error_type,
        )
        if not result.function_error:
            assert result.payload == without.payload
        else:
            ours, theirs = json.loads(result.payload), json.loads(without.payload)
            assert ours["errorMessage"] == theirs["errorMessage"]


async def test_a_process_that_exits_says_nothing_of_a_debugger(lab: Lab) -> None:
    source = "exports.handler = async () => { process.exit(3); };\n"
    function = debugged(lab, source)
    client = await attached(lab, function)
    result = await lab.invoke(function)
    assert b"exit status 3" in result.payload
    assert "ebugger" not in lab.sink.text
    await client.close()


async def test_the_function_sees_nothing_of_the_way_to_the_engine(lab: Lab) -> None:
    source = (
        "exports.handler = async () => "
        "[Object.keys(process.env).sort(), process.argv.length, process.execArgv];\n"
    )
    plain = lab.function(files={"app.js": source}, runtime="nodejs20.x")
    without = json.loads((await lab.invoke(plain)).payload)
    under = json.loads((await lab.invoke(debugged(lab, source))).payload)
    assert set(under[0]) - set(without[0]) == {"LAMBDA_NB_DEBUG"}
    assert under[1:] == without[1:]
