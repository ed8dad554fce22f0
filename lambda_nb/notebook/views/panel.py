"""The kernel's side of the JupyterLab panel: the list of functions and their last use.

Two comms connect kernel and page (``labextension/src/state.ts`` is the other side). The page opens
``lambda_nb.panel`` to ask for a picture; the kernel never sends on it. The kernel opens
``lambda_nb.events`` and sends pictures there from its own thread, so the panel updates while a
cell is busy. All data comes from calls of this kernel to the AWS API: ``ListFunctions``, and the
invocations that hooks on the boto3 client count.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

EVENTS = "lambda_nb.events"
PANEL = "lambda_nb.panel"

_POLL_S = 2.0
_POLL_REMOTE_S = 20.0  # on AWS the calls count against the account's rate
_DURATION = re.compile(r"\tDuration: ([0-9.]+) ms")


@dataclass(slots=True)
class _Use:
    """The invocations of one function that went through this kernel."""

    invocations: int = 0
    errors: int = 0
    throttles: int = 0
    last_status: str = ""
    last_duration_ms: float | None = None
    last_start: str = ""

    def last(self) -> dict[str, Any] | None:
        if not self.last_status:
            return None
        return {
            "status": self.last_status,
            "duration_ms": self.last_duration_ms,
            "start": self.last_start,
        }


class Panel:
    """Keeps the page's picture of the functions up to date.

    ``client`` returns the current boto3 Lambda client, or None if there is none yet. The panel's
    thread calls it. Nothing runs until a page with the extension asks.
    """

    def __init__(self, client: Callable[[], Any | None]) -> None:
        self._client = client
        self._uses: dict[str, _Use] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._reopen = False
        self._thread: threading.Thread | None = None
        self._events: Any = None
        self._shown: dict[str, Any] | None = None
        self._watched: list[Any] = []

    def attach(self, comm_manager: Any) -> None:
        """Accept pages that open the panel's comm, and tell open pages that the kernel is here."""
        comm_manager.register_target(PANEL, self._page_opened)
        from comm import create_comm

        create_comm(target_name=EVENTS, data={"hello": True})

    def watch(self, client: Any) -> None:
        """Count the invocations made through a boto3 Lambda client."""
        if any(client is known for known in self._watched):
            return
        self._watched.append(client)
        events = client.meta.events
        events.register("before-parameter-build.lambda.Invoke", self._invoke_begins)
        events.register("after-call.lambda.Invoke", self._invoke_ended)
        for operation in ("CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration"):
            events.register(f"after-call.lambda.{operation}", self._functions_changed)
        events.register("after-call.lambda.DeleteFunction", self._functions_changed)

    def close(self) -> None:
        """Stop the thread."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5.0)

    # --- messages from the page: ipykernel chooses the thread, so only set flags here ---

    def _page_opened(self, comm: Any, _: dict[str, Any]) -> None:
        comm.on_msg(lambda _: self._wake.set())
        self._reopen = True
        self._wake.set()
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._run, name="lambda_nb panel", daemon=True
                )
                self._thread.start()

    # --- botocore's hooks ---

    def _invoke_begins(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["lambda_nb_function"] = _plain_name(str(params.get("FunctionName", "")))

    def _invoke_ended(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        status = int(parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        tail = base64.b64decode(parsed.get("LogResult", "")).decode(errors="replace")
        duration = _DURATION.search(tail)
        with self._lock:
            use = self._uses.setdefault(context.get("lambda_nb_function", ""), _Use())
            use.invocations += 1
            use.last_duration_ms = float(duration.group(1)) if duration else None
            use.last_start = ("cold" if "\tInit Duration:" in tail else "warm") if duration else ""
            if status == 429:
                use.throttles += 1
                use.last_status = "throttled"
            elif status >= 300 or "FunctionError" in parsed:
                use.errors += 1
                use.last_status = "error"
            else:
                use.last_status = "accepted" if status == 202 else "success"
        self._wake.set()

    def _functions_changed(self, **_: Any) -> None:
        self._wake.set()

    # --- the panel's own thread ---

    def _run(self) -> None:
        while not self._closed:
            self._wake.clear()
            picture = self._picture()
            if self._reopen:
                self._reopen = False
                self._open_events(picture)
            elif picture != self._shown and self._events is not None:
                self._events.send(picture)
            self._shown = picture
            local = "//127.0.0.1" in picture["endpoint"] or not picture["endpoint"]
            self._wake.wait(_POLL_S if local else _POLL_REMOTE_S)
            # A burst of invocations makes one picture, not hundreds.
            threading.Event().wait(0.1)

    def _open_events(self, picture: dict[str, Any]) -> None:
        """Open a new comm, which reaches every page of this kernel, and close the old one."""
        from comm import create_comm

        before, self._events = self._events, create_comm(target_name=EVENTS, data=picture)
        if before is not None:
            before.close()

    def _picture(self) -> dict[str, Any]:
        picture: dict[str, Any] = {"endpoint": "", "region": "", "functions": [], "error": ""}
        client = self._client()
        if client is None:
            return picture
        picture["endpoint"] = client.meta.endpoint_url
        picture["region"] = client.meta.region_name
        try:
            pages = client.get_paginator("list_functions").paginate()
            found = [function for page in pages for function in page["Functions"]]
        except Exception as error:  # show any error in the panel; do not let the thread die
            picture["error"] = f"{type(error).__name__}: {error}"
            return picture
        with self._lock:
            picture["functions"] = [self._row(function) for function in found]
        return picture

    def _row(self, function: dict[str, Any]) -> dict[str, Any]:
        use = self._uses.get(function["FunctionName"], _Use())
        return {
            "name": function["FunctionName"],
            "runtime": function.get("Runtime", function.get("PackageType", "")),
            "memory_mb": function.get("MemorySize", 128),
            "timeout_s": function.get("Timeout", 3),
            # ListFunctions omits the state of active functions.
            "state": function.get("State", "Active"),
            "update": function.get("LastUpdateStatus", "Successful"),
            "invocations": use.invocations,
            "errors": use.errors,
            "throttles": use.throttles,
            "last": use.last(),
        }


def _plain_name(name: str) -> str:
    """The function's name from a name or a partial or full ARN, without the qualifier."""
    words = name.split(":")
    if "function" in words:
        return words[words.index("function") + 1]
    return words[0]
