"""The kernel's end of the JupyterLab panel: what functions there are, and how they were last used.

Two comms join kernel and page (``labextension/src/state.ts`` is the other end). The page opens
``lambda_nb.panel`` to ask for a picture; the kernel never sends on it. The kernel opens
``lambda_nb.events`` and pushes pictures there, from a thread of its own, so that the panel follows
while a cell is busy. Everything shown comes from the calls that this kernel makes to the AWS API:
``ListFunctions``, and the invocations counted by hooks on the boto3 client.
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

    ``client`` answers with the boto3 Lambda client of the moment, or None before there is one; it
    is called from the panel's thread. Nothing runs until a page with the extension asks.
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
        """Answer pages that open the panel's comm, and tell those already open that we are here."""
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

    # --- the page speaks: in a thread of ipykernel's choosing, so only flags are set here ---

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
        """A new comm reaches every page of this kernel; the one before is dropped."""
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
        except Exception as error:  # whatever it is belongs in the panel, not in a dead thread
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
            # ListFunctions leaves the state out for active functions.
            "state": function.get("State", "Active"),
            "update": function.get("LastUpdateStatus", "Successful"),
            "invocations": use.invocations,
            "errors": use.errors,
            "throttles": use.throttles,
            "last": use.last(),
        }


def _plain_name(name: str) -> str:
    """The function's own name in a name, partial or full ARN, with or without a qualifier."""
    words = name.split(":")
    if "function" in words:
        return words[words.index("function") + 1]
    return words[0]
