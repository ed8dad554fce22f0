"""Pages of JupyterLab for tests: a real kernel, and the workbench's protocol to it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

EVENTS, PANEL = "lambda_nb.events", "lambda_nb.panel"
WITHIN_S = 60.0


class Fault(Exception):
    """An action was refused."""

    def __init__(self, told: dict[str, str]) -> None:
        super().__init__(f"{told['type']}: {told['message']}")
        self.type, self.message = told["type"], told["message"]


class KernelOutput:
    """Reads everything that a kernel publishes, for all pages and cells of a test."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.messages: list[dict[str, Any]] = []
        self.changed = threading.Condition()
        self._done = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        # Not get_iopub_msg: in a thread it leaves an event loop behind.
        socket = self.client.iopub_channel.socket
        assert socket is not None
        while not self._done:
            if not socket.poll(200):
                continue
            _, message = self.client.session.recv(socket, mode=0)
            with self.changed:
                self.messages.append(message)
                self.changed.notify_all()

    def close(self) -> None:
        self._done = True
        self._thread.join()

    def until(self, found: Callable[[dict[str, Any]], Any], since: int = 0) -> Any:
        """The first true answer of ``found`` to a message."""
        deadline = time.monotonic() + WITHIN_S
        at = since
        with self.changed:
            while True:
                while at < len(self.messages):
                    if answer := found(self.messages[at]):
                        return answer
                    at += 1
                left = deadline - time.monotonic()
                if left <= 0:
                    seen = [m["msg_type"] for m in self.messages[-20:]]
                    raise AssertionError(f"it did not come; last were {seen}")
                self.changed.wait(left)


class Notebook:
    """A kernel and its cells."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.output = KernelOutput(client)
        self._pages: list[Page] = []

    def begin(self, code: str) -> str:
        """Start a cell; returns its id."""
        return str(self.client.execute(code))

    def end(self, cell: str) -> str:
        """Wait for the end of a cell; returns what it printed or showed, or its error."""
        self.output.until(
            lambda m: (
                m["msg_type"] == "status"
                and m["content"]["execution_state"] == "idle"
                and m["parent_header"].get("msg_id") == cell
            )
        )
        parts = []
        for message in self.output.messages:
            if message["parent_header"].get("msg_id") != cell:
                continue
            content = message["content"]
            if message["msg_type"] == "stream":
                parts.append(content["text"])
            elif message["msg_type"] in ("execute_result", "display_data"):
                parts.append(content["data"].get("text/plain", ""))
            elif message["msg_type"] == "error":
                parts.append(f"{content['ename']}: {content['evalue']}")
        return "\n".join(parts)

    def run(self, code: str) -> str:
        """Run a cell."""
        return self.end(self.begin(code))

    def interrupt(self) -> None:
        """Interrupt the cell that runs."""
        self.client.control_channel.send(self.client.session.msg("interrupt_request"))

    def page(self, *, subshell: bool = True) -> Page:
        """Open a page."""
        return Page(self, subshell=subshell)


class Page:
    """What a page does: opens the panel's comm, asks, watches, sees pictures."""

    def __init__(self, notebook: Notebook, *, subshell: bool = True) -> None:
        self.notebook, self.id = notebook, uuid.uuid4().hex
        self._comm = uuid.uuid4().hex
        self._last = 0
        self._since = len(notebook.output.messages)
        self._subshell = self._make_subshell() if subshell else None
        self._send("comm_open", {"page": self.id}, target_name=PANEL, target_module=None)

    def _make_subshell(self) -> str:
        client = self.notebook.client
        message = client.session.msg("create_subshell_request")
        client.control_channel.send(message)
        while True:
            reply = client.get_control_msg(timeout=WITHIN_S)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return str(reply["content"]["subshell_id"])

    def _send(self, kind: str, data: dict[str, Any], **more: Any) -> None:
        client = self.notebook.client
        content = {"comm_id": self._comm, "data": data, **more}
        message = client.session.msg(kind, content)
        if self._subshell is not None:
            message["header"]["subshell_id"] = self._subshell
        client.shell_channel.send(message)

    def close(self) -> None:
        """As JupyterLab does when the notebook is closed."""
        self._send("comm_close", {})

    def begin(self, action: str, **args: Any) -> int:
        """Send a request; returns its id."""
        self._last += 1
        data = {"id": self._last, "page": self.id, "action": action, "args": args}
        self._send("comm_msg", data)
        return self._last

    def reply(self, request: int) -> Any:
        """The reply to a request.

        Raises
        ------
        Fault
            It was refused.
        """

        def found(message: dict[str, Any]) -> Any:
            data = told(message)
            mine = data.get("page") == self.id and data.get("id") == request
            return data if mine and data["kind"] == "reply" else None

        data = self.notebook.output.until(found, self._since)
        if "error" in data:
            raise Fault(data["error"])
        return data["value"]

    def ask(self, action: str, **args: Any) -> Any:
        """Send a request and wait for its reply."""
        return self.reply(self.begin(action, **args))

    def pushes(self, request: int) -> list[Any]:
        """What a watch has pushed so far."""
        return [
            data["value"]
            for message in list(self.notebook.output.messages[self._since :])
            if (data := told(message)).get("kind") == "push"
            and data["page"] == self.id
            and data["id"] == request
        ]

    def push(self, request: int, wanted: Callable[[Any], Any]) -> Any:
        """The first push of a watch that is wanted."""

        def found(message: dict[str, Any]) -> Any:
            data = told(message)
            mine = data.get("page") == self.id and data.get("id") == request
            return mine and data["kind"] == "push" and wanted(data["value"]) and data

        return self.notebook.output.until(found, self._since)["value"]

    def picture(self, wanted: Callable[[dict[str, Any]], Any] = lambda picture: True) -> Any:
        """The first picture since this page is open that is wanted."""

        def found(message: dict[str, Any]) -> Any:
            data = told(message)
            return data.get("kind") == "picture" and wanted(data["picture"]) and data["picture"]

        return self.notebook.output.until(found, self._since)

    def from_now(self) -> None:
        """Look at later pictures only."""
        self._since = len(self.notebook.output.messages)

    def function(self, name: str, wanted: Callable[[dict[str, Any]], Any] = bool) -> Any:
        """The first row of a function that is wanted."""

        def row(picture: dict[str, Any]) -> Any:
            rows = [one for one in picture["functions"] if one["name"] == name]
            return rows and wanted(rows[0]) and rows[0]

        return row(self.picture(row))


def told(message: dict[str, Any]) -> dict[str, Any]:
    """The data of a comm message, or nothing."""
    if message["msg_type"] not in ("comm_open", "comm_msg"):
        return {}
    data: dict[str, Any] = message["content"]["data"]
    return data


@contextmanager
def kernel(directory: Path, *cells: str) -> Iterator[Notebook]:
    """A kernel in a directory that has run some cells."""
    manager, client = start_new_kernel(cwd=str(directory))
    notebook = Notebook(client)
    try:
        for cell in cells:
            notebook.run(cell)
        yield notebook
    finally:
        notebook.output.close()
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
