"""The result of one invocation, and its display in a notebook."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.errors import FunctionError, UsageError
from lambda_nb.notebook.functions import code_origin, log_tail
from lambda_nb.rules.pricing import Usage, bill

_FETCH = re.compile(r"\S+ is part of AWS's .*: lambda-nb runtimes install .*")
"""The engine's message in the log of a function that lacks AWS's SDK."""


@dataclass(frozen=True, repr=False)
class Result:
    """One invocation: its payload, log, times and bill.

    Attributes
    ----------
    function, version, request_id
        What ran, and the request id in its log lines.
    payload
        The decoded response (JSON); its bytes if it is not JSON; None for an accepted event.
    status
        ``success``, ``error`` or ``accepted`` (asynchronous).
    start
        ``cold``, ``warm``, or empty if the log does not say.
    duration, billed, init
        Seconds; ``init`` only for a cold start. None if the log does not say.
    memory, max_memory
        MB configured, MB used.
    log
        The last 4 KB of the invocation's log.
    architecture
        Architecture, which decides the price.
    """

    function: str
    version: str
    request_id: str
    payload: Any
    status: str
    start: str = ""
    duration: float | None = None
    billed: float | None = None
    init: float | None = None
    memory: int | None = None
    max_memory: int | None = None
    log: str = ""
    architecture: str = "x86_64"
    error: FunctionError | None = None

    @property
    def cost(self) -> float | None:
        """Dollars for request and duration, without the free tier (us-east-1)."""
        if self.billed is None or self.memory is None:
            return None
        gb_s = {self.architecture: self.billed * self.memory / 1024}
        return sum(bill(Usage(requests=1, gb_s=gb_s)).values())

    @property
    def function_error(self) -> str:
        """The type of the function's error; empty if it did not fail."""
        return self.error.error_type if self.error else ""

    @property
    def ok(self) -> bool:
        """Whether the function succeeded, or the event was accepted."""
        return self.status != "error"

    def result(self) -> Any:
        """The payload.

        Raises
        ------
        FunctionError
            The function failed.
        """
        if self.error is not None:
            raise self.error
        return self.payload

    def _figures(self) -> list[str]:
        figures = [_ms(self.duration)]
        if self.init is not None:
            figures.append(f"init {_ms(self.init)}")
        if self.billed is not None:
            figures.append(f"billed {self.billed * 1000:.0f} ms")
        if self.max_memory is not None:
            figures.append(f"{self.max_memory} of {self.memory} MB")
        if self.cost is not None:
            figures.append(display.dollars(self.cost))
        return [figure for figure in figures if figure]

    def __repr__(self) -> str:
        head = " · ".join([self.function, self.start or self.status, *self._figures()])
        shown = str(self.error) if self.error else display.pretty(self.payload)
        return f"{head}\n{shown}"

    def _repr_html_(self) -> str:
        kind = self.start if self.ok else "error"
        head = display.line(
            display.bold(self.function),
            display.tag(self.start, self.start) if self.start else "",
            display.tag(self.status, kind or "ok") if not self.ok or not self.start else "",
            *(display.dim(figure) for figure in self._figures()),
        )
        shown = str(self.error) if self.error else display.pretty(self.payload)
        log = log_tail.written(self.log)
        return display.card(
            head,
            display.code(shown),
            display.folded("log", self.log.strip()) if log else "",
            display.line(display.dim(f"request {self.request_id} · version {self.version}")),
        )


def _ms(seconds: float | None) -> str:
    return display.milliseconds(None if seconds is None else seconds * 1000)


_LACKING = re.compile(r"name '(\w+)' is not defined")
_HINTS = {
    "Sandbox.Timedout": " (%%lambda NAME --timeout S sets the limit)",
    "Runtime.OutOfMemory": " (it ran out of memory? %%lambda NAME --memory MB gives it more)",
    "Function.ResponseSizeTooLarge": " (store large results, in S3 say, and return where they are)",
}


def encode(event: Any) -> bytes:
    """An event as JSON.

    Raises
    ------
    UsageError
        JSON cannot hold the event; the message says why.
    """
    if isinstance(event, (bytes, bytearray)):
        return bytes(event)
    try:
        return json.dumps(event).encode()
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"the event is no JSON: {error}. Events hold dicts with text keys, lists, text, "
            "numbers, True, False and None"
        ) from None


def decode(body: bytes) -> Any:
    """A payload as Python values; bytes that are not JSON stay bytes."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body


def read(
    function: str, response: Mapping[str, Any], cell: code_origin.Origin | None, architecture: str
) -> Result:
    """Make a result from an ``Invoke`` response; reads its payload stream."""
    payload = decode(response["Payload"].read())
    tail = base64.b64decode(response.get("LogResult", "")).decode(errors="replace")
    tail = tail.replace("\r", "\n")  # Python's runtime joins traceback lines with it
    request_id = str(response["ResponseMetadata"].get("RequestId", ""))
    told = log_tail.read(tail)
    error = None
    if response.get("FunctionError"):
        error = _failure(function, payload, tail, request_id, cell)
    init_ms = None
    if told is not None:
        init_ms = told.restore_ms if told.init_ms is None else told.init_ms
    start = "" if told is None else "warm" if init_ms is None else "cold"
    return Result(
        function=function,
        version=str(response.get("ExecutedVersion", "$LATEST")),
        request_id=request_id,
        payload=payload,
        status="accepted" if response["StatusCode"] == 202 else "error" if error else "success",
        start=start,
        duration=None if told is None else told.duration_ms / 1000,
        billed=None if told is None else told.billed_ms / 1000,
        init=None if init_ms is None else init_ms / 1000,
        memory=None if told is None else told.memory_mb,
        max_memory=None if told is None else told.max_memory_mb,
        log=tail,
        architecture=architecture,
        error=error,
    )


def _failure(
    function: str, payload: Any, log: str, request_id: str, cell: code_origin.Origin | None
) -> FunctionError:
    told = payload if isinstance(payload, dict) else {"errorMessage": repr(payload)}
    stack = told.get("stackTrace") or told.get("trace") or []
    message = str(told.get("errorMessage", "")).replace(f"RequestId: {request_id} Error: ", "")
    frames = code_origin.frames([str(entry) for entry in stack], cell)
    error_type = str(told.get("errorType", "Unhandled"))
    hint = _HINTS.get(error_type, "")
    if error_type == "Runtime.ExitError" and "signal: killed" in message:
        hint = _HINTS["Runtime.OutOfMemory"]
    elif error_type == "Runtime.ImportModuleError" and (said := _FETCH.search(log)):
        hint = f"\n{said[0]}"
    elif error_type == "NameError" and cell is not None and (lacking := _LACKING.search(message)):
        hint = "\n" + cell.left_behind[lacking[1]] if lacking[1] in cell.left_behind else ""
    return FunctionError(function, error_type, message + hint, frames, log, request_id)
