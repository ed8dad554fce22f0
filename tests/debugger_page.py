"""JupyterLab's debugger as a kernel sees it, for tests: the requests that JupyterLab sends."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import workbench_pages
from workbench_pages import WITHIN_S, Notebook


class Page:
    """A page with JupyterLab's debugger, and its notebook's kernel."""

    def __init__(self, notebook: Notebook) -> None:
        self.client, self.output = notebook.client, notebook.output
        self.run, self.end, self.do = notebook.begin, notebook.end, notebook.run
        self._seq = itertools.count(1)
        self._at = 0

    def reply(self, command: str, **arguments: Any) -> dict[str, Any]:
        """The answer to a request on the control channel."""
        content = {
            "type": "request",
            "seq": next(self._seq),
            "command": command,
            "arguments": arguments,
        }
        message = self.client.session.msg("debug_request", content)
        self.client.control_channel.send(message)
        while True:
            answer = self.client.get_control_msg(timeout=WITHIN_S)
            if answer["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return dict(answer["content"])

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """The body of the answer to a request that succeeds."""
        reply = self.reply(command, **arguments)
        assert reply["success"], reply
        return dict(reply.get("body") or {})

    def event(self, name: str) -> dict[str, Any]:
        """The next event of the debugger of this name."""
        found: list[int] = []

        def matches(message: dict[str, Any]) -> Any:
            content = message["content"]
            if message["msg_type"] == "debug_event" and content.get("event") == name:
                found.append(self.output.messages.index(message))
                return content
            return None

        content = self.output.until(matches, self._at)
        self._at = found[-1] + 1
        return dict(content.get("body") or {})

    def start(self) -> None:
        """Turn the debugger on, as the bug in the toolbar does."""
        self.ask("initialize", clientID="jupyterlab", adapterID="", linesStartAt1=True)
        self.ask("attach")

    def break_at(self, code: str, *lines: Any) -> list[dict[str, Any]]:
        """Set the breakpoints of a cell, as a click on its gutter does."""
        path = self.ask("dumpCell", code=code)["sourcePath"]
        wanted = [line if isinstance(line, dict) else {"line": line} for line in lines]
        body = self.ask(
            "setBreakpoints", source={"path": path}, breakpoints=wanted, sourceModified=False
        )
        self.ask("configurationDone")
        return list(body["breakpoints"])

    def forget(self) -> None:
        """Look no more at what came so far."""
        self._at = len(self.output.messages)

    def stop(self) -> dict[str, Any]:
        """Wait for a stop; the innermost frame with all ``frames``."""
        body = self.event("stopped")
        assert body["threadId"] == 1
        frames = self.ask("stackTrace", threadId=1)["stackFrames"]
        return {**frames[0], "frames": frames, "reason": body["reason"]}

    def variables(self, frame: dict[str, Any]) -> dict[str, str]:
        scopes = self.ask("scopes", frameId=frame["id"])["scopes"]
        told = self.ask("variables", variablesReference=scopes[0]["variablesReference"])
        return {one["name"]: one["value"] for one in told["variables"]}

    def go_on(self) -> None:
        self.ask("continue", threadId=1)


def path_of(page: Page, code: str) -> str:
    """Where the kernel writes the text of a cell for the debugger."""
    return str(page.ask("dumpCell", code=code)["sourcePath"])


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A kernel with the extension."""
    with workbench_pages.kernel(tmp_path_factory.mktemp("notebook")) as notebook:
        page = Page(notebook)
        assert "Error" not in page.do("%load_ext lambda_nb")
        yield page


@pytest.fixture
def page(kernel: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The kernel with its debugger off and the function of the module's CELL not under one."""
    yield kernel
    if kernel.ask("debugInfo")["isStarted"]:
        kernel.ask("disconnect", restart=False, terminateDebuggee=False)
    kernel.do(request.module.CELL.replace(" --debug", ""))
    kernel.forget()
