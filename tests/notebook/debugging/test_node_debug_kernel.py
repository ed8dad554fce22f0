"""JupyterLab's debugger on a cell of JavaScript, at a real kernel."""

from __future__ import annotations

import pytest
from debugger_page import Page, kernel, page, path_of

__all__ = ["kernel", "page"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

CELL = """%%lambda triple --runtime nodejs20.x --debug --timeout 2
const thrice = (n) => {
  const made = n * 3;
  return made;
};

exports.handler = async (event) => {
  const { n } = event;
  if (n === 13) throw new Error("thirteen");
  const order = { number: n, lines: ["tea"] };
  return thrice(order.number);
};
"""
STOP, INSIDE, RAISES = 11, 3, 9


def test_a_breakpoint_in_a_cell_of_javascript(page: Page) -> None:
    page.start()
    (told,) = page.break_at(CELL, STOP)
    assert told["line"] == STOP
    assert "runs under a debugger" in page.do(CELL)
    called = page.run("triple({'n': 4})")
    frame = page.stop()
    assert (frame["name"], frame["line"]) == ("exports.handler", STOP)
    assert frame["source"]["path"] == path_of(page, CELL)
    seen = page.variables(frame)
    assert (seen["n"], seen["order"]) == ("4", "{number: 4, lines: Array(1)}")
    told = page.ask("evaluate", expression="order.lines[0]", frameId=frame["id"], context="repl")
    assert told["result"] == "'tea'"
    rich = page.ask("richInspectVariables", variableName="order", frameId=frame["id"])
    assert rich["data"] == {"text/plain": '{"number":4,"lines":["tea"]}'}
    page.ask("stepIn", threadId=1)
    frame = page.stop()
    assert [(one["name"], one["line"]) for one in frame["frames"]][:2] == [
        ("thrice", INSIDE),
        ("exports.handler", STOP),
    ]
    page.ask("next", threadId=1)
    frame = page.stop()
    assert page.variables(frame)["made"] == "12"
    page.ask("stepOut", threadId=1)
    frame = page.stop()
    page.ask(
        "copyToGlobals", srcVariableName="order", dstVariableName="copied", srcFrameId=frame["id"]
    )
    page.go_on()
    assert page.end(called) == "12"
    assert page.do("copied") == "{'number': 4, 'lines': ['tea']}"


def test_an_error_that_leaves_the_handler_stops(page: Page) -> None:
    page.start()
    page.ask("setExceptionBreakpoints", filters=["uncaught"])
    page.do(CELL)
    called = page.run("triple({'n': 13})")
    frame = page.stop()
    assert (frame["reason"], frame["line"]) == ("exception", RAISES)
    page.go_on()
    assert "thirteen" in page.end(called)
