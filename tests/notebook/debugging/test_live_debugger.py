"""JupyterLab's debugger on a function, at a real kernel: the requests that JupyterLab sends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from debugger_page import Page, kernel, page, path_of

__all__ = ["kernel", "page"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

CELL = """%%lambda double --debug --timeout 2
def helper(n):
    twice = n * 2
    return twice

def handler(event, context):
    n = event["n"]
    if n == 13:
        raise ValueError("thirteen")
    return helper(n)
"""
STOP, INSIDE, RAISES = 10, 4, 9


def test_a_breakpoint_of_the_cell_stops_the_function(page: Page) -> None:
    page.start()
    (told,) = page.break_at(CELL, STOP)
    assert told["line"] == STOP
    assert "runs under a debugger" in page.do(CELL)
    called = page.run("double({'n': 4})")
    frame = page.stop()
    assert (frame["name"], frame["line"]) == ("handler", STOP)
    assert frame["source"]["path"] == path_of(page, CELL)
    assert page.variables(frame)["n"] == "4"
    told = page.ask("evaluate", expression="n + 1", frameId=frame["id"], context="repl")
    assert told["result"] == "5"
    page.go_on()
    page.event("continued")
    assert page.end(called) == "8"


def test_steps_into_a_function_of_the_cell_and_out_of_it(page: Page) -> None:
    page.start()
    page.break_at(CELL, STOP)
    page.do(CELL)
    called = page.run("double({'n': 5})")
    page.stop()
    page.ask("stepIn", threadId=1)
    frame = page.stop()
    assert [(one["name"], one["line"]) for one in frame["frames"]] == [
        ("helper", 3),
        ("handler", STOP),
    ]
    page.ask("next", threadId=1)
    frame = page.stop()
    assert page.variables(frame)["twice"] == "10"
    scope = page.ask("scopes", frameId=frame["id"])["scopes"][0]["variablesReference"]
    page.ask("setVariable", variablesReference=scope, name="twice", value="77")
    page.ask("stepOut", threadId=1)
    assert page.stop()["name"] == "handler"
    page.go_on()
    assert page.end(called) == "77"


def test_breakpoints_set_after_the_deploy_and_taken_away(page: Page) -> None:
    late = CELL + "\n# a text that no other test has\n\n"
    page.do(late)
    page.start()  # attaches to the function that is there
    assert page.do("double({'n': 1})") == "2"
    page.break_at(late, INSIDE)
    called = page.run("double({'n': 1})")
    frame = page.stop()
    assert (frame["name"], frame["source"]["path"]) == ("helper", path_of(page, late))
    page.break_at(late)
    page.go_on()
    assert page.end(called) == "2"
    assert page.do("double({'n': 2})") == "4"


def test_an_edited_cell_has_its_breakpoints_on_its_new_lines(page: Page) -> None:
    page.start()
    page.break_at(CELL, STOP)
    page.do(CELL)
    edited = CELL.replace("def helper", "# one line more\ndef helper")
    page.break_at(edited, STOP + 1)
    page.do(edited)
    called = page.run("double({'n': 6})")
    frame = page.stop()
    assert frame["line"] == STOP + 1
    assert frame["source"]["path"] == path_of(page, edited)
    page.go_on()
    assert page.end(called) == "12"


def test_included_code_moves_no_line(page: Page) -> None:
    page.do("def outside(n):\n    return n + 100")
    cell = (
        "%%lambda moved --debug --include outside\n"
        "def handler(event, context):\n"
        "    n = outside(event['n'])\n"
        "    return n\n"
    )
    page.start()
    page.break_at(cell, 4)
    page.do(cell)
    called = page.run("moved({'n': 1})")
    frame = page.stop()
    assert (frame["line"], page.variables(frame)["n"]) == (4, "101")
    page.go_on()
    assert page.end(called) == "101"


def test_conditions(page: Page) -> None:
    page.start()
    page.break_at(CELL, {"line": STOP, "condition": "n == 3"})
    page.do(CELL)
    assert page.do("double({'n': 1})") == "2"
    called = page.run("double({'n': 3})")
    assert page.stop()["line"] == STOP
    page.go_on()
    assert page.end(called) == "6"


def test_an_exception_of_the_handler(page: Page) -> None:
    page.start()
    page.ask("setExceptionBreakpoints", filters=["uncaught"])
    page.do(CELL)
    called = page.run("double({'n': 13})")
    frame = page.stop()
    assert (frame["reason"], frame["line"]) == ("exception", RAISES)
    page.go_on()
    assert "thirteen" in page.end(called)


def test_a_reloaded_page_finds_the_stop_and_the_breakpoints(page: Page) -> None:
    page.start()
    page.break_at(CELL, STOP)
    page.do(CELL)
    called = page.run("double({'n': 2})")
    page.stop()
    told = page.ask("debugInfo")
    assert told["isStarted"]
    assert told["stoppedThreads"] == [1]
    path = path_of(page, CELL)
    assert [one for one in told["breakpoints"] if one["source"] == path] == [
        {"source": path, "breakpoints": [{"line": STOP}]}
    ]
    page.go_on()
    assert page.end(called) == "4"
    assert page.ask("debugInfo")["stoppedThreads"] == []


def test_the_kernels_own_code_is_debugged_as_before(page: Page) -> None:
    page.start()
    page.do(CELL)
    own = "def plain(n):\n    m = n + 1\n    return m\nplain(1)"
    page.break_at(own, 3)
    called = page.run(own)
    frame = page.stop()
    assert (frame["name"], frame["line"]) == ("plain", 3)
    assert page.variables(frame)["m"] == "2"
    page.ask("copyToGlobals", srcVariableName="m", dstVariableName="copied", srcFrameId=frame["id"])
    page.go_on()
    page.event("continued")  # until it has seen that, ipykernel holds its thread for stopped
    assert page.end(called) == "2"
    assert page.do("copied") == "2"
    names = {one["name"] for one in page.ask("inspectVariables")["variables"]}
    assert "double" in names
    rich = page.ask("richInspectVariables", variableName="copied")
    assert rich["data"]["text/plain"] == "2"


def test_variables_are_shown_and_copied_to_the_notebook(page: Page) -> None:
    cell = (
        "%%lambda shown --debug\n"
        "class Table:\n"
        "    def _repr_html_(self):\n"
        "        return '<b>yes</b>'\n"
        "def handler(event, context):\n"
        "    table, data = Table(), {'a': [1, 2]}\n"
        "    return data\n"
    )
    page.start()
    page.break_at(cell, 7)
    page.do(cell)
    called = page.run("shown({})")
    frame = page.stop()
    rich = page.ask("richInspectVariables", variableName="table", frameId=frame["id"])
    assert rich["data"]["text/html"] == "<b>yes</b>"
    page.ask(
        "copyToGlobals", srcVariableName="data", dstVariableName="here", srcFrameId=frame["id"]
    )
    refused = page.reply(
        "copyToGlobals", srcVariableName="table", dstVariableName="here", srcFrameId=frame["id"]
    )
    assert "no JSON" in refused["message"]
    page.go_on()
    page.end(called)
    assert page.do("here") == "{'a': [1, 2]}"
    # JupyterLab, which asks once more, reads the lists of refusals too.
    gone = page.reply("scopes", frameId=frame["id"])
    assert "runs again" in gone["message"]
    assert (gone["success"], gone["body"]) == (False, {"scopes": []})
    gone = page.reply("variables", variablesReference=frame["id"])
    assert (gone["success"], gone["body"]) == (False, {"variables": []})


def test_an_event_stops_while_no_cell_runs(page: Page) -> None:
    page.start()
    page.break_at(CELL, STOP)
    page.do(CELL)
    page.do("double.invoke({'n': 8}, asynchronous=True)")
    frame = page.stop()
    assert page.variables(frame)["n"] == "8"
    assert page.do("1 + 1") == "2"  # the kernel is free meanwhile
    page.go_on()
    page.event("continued")


def test_sources_of_libraries(page: Page) -> None:
    cell = (
        "%%lambda library --debug\n"
        "import json\n"
        "def handler(event, context):\n"
        "    return json.dumps(event)\n"
    )
    page.start()
    page.break_at(cell, 4)
    page.do(cell)
    called = page.run("library({})")
    frame = page.stop()
    own = page.ask("source", source={"path": frame["source"]["path"]})
    assert own["content"] == cell
    told = page.ask(
        "evaluate", expression="json.__file__", frameId=frame["id"], context="clipboard"
    )
    other = page.ask("source", source={"path": told["result"].strip("'")})
    assert "def dumps" in other["content"]
    page.go_on()
    page.end(called)


def test_turning_the_debugger_off_lets_everything_run(page: Page) -> None:
    page.start()
    page.break_at(CELL, STOP)
    page.do(CELL)
    called = page.run("double({'n': 2})")
    page.stop()
    page.ask("disconnect", restart=False, terminateDebuggee=False)
    assert page.end(called) == "4"
    assert page.do("double({'n': 3})") == "6"
    page.start()  # and on again, with no breakpoint of before
    assert page.do("double({'n': 3})") == "6"


def test_turning_it_on_when_the_engine_has_died(page: Page) -> None:
    """The kernel's own debugger comes on, and the next cell still hears of the engine's end."""
    page.do(CELL)
    page.do(
        "import os, re, signal\n"
        "told = repr(get_ipython().run_line_magic('lambda', 'status'))\n"
        "os.kill(int(re.search(r'process (\\d+)', told)[1]), signal.SIGKILL)"
    )
    page.start()
    assert "the engine ended" in page.do("double({'n': 1})")
    page.do(CELL)
    page.break_at(CELL, STOP)
    called = page.run("double({'n': 4})")
    page.stop()
    page.go_on()
    assert page.end(called) == "8"


def test_a_deploy_without_debug_ends_it(page: Page) -> None:
    page.start()
    page.break_at(CELL, STOP)
    page.do(CELL)
    plain = CELL.replace(" --debug", "")
    page.break_at(plain, STOP)
    assert "its breakpoints do nothing without --debug" in page.do(plain)
    assert page.do("double({'n': 3})") == "6"


def test_unloading_gives_the_kernels_debugger_back(page: Page) -> None:
    kind = "type(get_ipython().kernel.debugger).__name__"
    assert page.do(kind) == "'KernelDebugger'"
    page.start()
    page.break_at(CELL, STOP)
    page.do(CELL)
    page.do("%unload_ext lambda_nb")
    assert page.do(kind) == "'Debugger'"
    own = "def plain(n):\n    return n\nplain(1)"
    page.break_at(own, 2)
    called = page.run(own)
    assert page.stop()["name"] == "plain"
    page.go_on()
    assert page.end(called) == "1"
    page.ask("disconnect", restart=False, terminateDebuggee=False)
    page.do("%load_ext lambda_nb")


def test_an_engine_started_under_the_kernels_debugger_is_not_debugged(page: Page) -> None:
    """debugpy would have each Python that the kernel starts run under it too."""
    page.start()
    page.do("%lambda stop")
    page.break_at(CELL, STOP)
    page.do(CELL)
    engine = (
        "import psutil\n"
        "started = psutil.Process().children(recursive=True)\n"
        "said = [' '.join(c.cmdline()) for c in started]\n"
        "[one for one in said if 'lambda_nb.engine' in one and 'pydevd' in one]"
    )
    assert page.do(engine) == "[]"
    called = page.run("double({'n': 4})")
    page.stop()
    page.go_on()
    assert page.end(called) == "8"


def test_the_launch_configuration_of_vs_code(page: Page) -> None:
    page.do(CELL)
    told = page.do("%lambda debug double")
    configuration = json.loads(told[told.index("{") :])
    assert configuration["type"] == "debugpy"
    assert configuration["connect"]["host"] == "127.0.0.1"
    mapping = configuration["pathMappings"][0]
    assert mapping["remoteRoot"] == "/var/task"
    code = Path(mapping["localRoot"], "lambda_function.py").read_text()
    assert "def helper(n):" in code
    page.do("%%lambda plain\ndef handler(event, context):\n    return 1")
    assert "%%lambda plain --debug starts one" in page.do("%lambda debug plain")


REFUSALS: list[tuple[str, str]] = [
    ("%%lambda x --debug --runtime ruby3.3\ndef handler(event:, context:) = 1", "no debugger here"),
    ("%%lambda x --debug 80\ndef handler(e, c):\n    return 1", "no port for a debugger"),
]


@pytest.mark.parametrize(("cell", "words"), REFUSALS, ids=["ruby", "port"])
def test_what_cannot_be_debugged_is_refused(page: Page, cell: str, words: str) -> None:
    told = page.do(cell)
    assert words in told
