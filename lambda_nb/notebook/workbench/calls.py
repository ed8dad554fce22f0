"""The calls that this notebook makes through boto3: its invocations, and changes of services."""

from __future__ import annotations

import base64
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.notebook.functions import log_tail

_READING = ("List", "Describe", "Get", "Head", "Filter", "BatchGet", "Query", "Scan")
_KEPT_S = 60.0
_MOST = 10_000


@dataclass
class Made:
    """The invocations of one function in the last minute: when, ``status``, ms or None."""

    latest: deque[tuple[float, str, float | None]] = field(
        default_factory=lambda: deque(maxlen=_MOST)
    )
    last: dict[str, Any] | None = None


class Calls:
    """Listens to the notebook's boto3 clients.

    Parameters
    ----------
    changed
        Called when this notebook may have changed a service.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._made: dict[str, Made] = {}

    def listen(self, client: Any) -> None:
        """Listen to a boto3 client."""
        events = client.meta.events
        service = client.meta.service_model.signing_name
        events.register("after-call", self._called)
        if service == "lambda":
            events.register("before-parameter-build.lambda.Invoke", self._invoke_begins)
            events.register("after-call.lambda.Invoke", self._invoke_ended)

    def last(self, function: str) -> dict[str, Any] | None:
        """The latest invocation of a function, as ``IFunction.last``."""
        with self._lock:
            made = self._made.get(function)
            return None if made is None else made.last

    def of_last_minute(self, function: str) -> list[tuple[str, float | None]]:
        """Status and milliseconds of each invocation in the last minute."""
        since = time.time() - _KEPT_S
        with self._lock:
            made = self._made.get(function)
            return [] if made is None else [rest for at, *rest in made.latest if at > since]  # type: ignore[misc]

    def _called(self, model: Any, **_: Any) -> None:
        if not model.name.startswith(_READING):
            self._changed()

    def _invoke_begins(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["lambda_nb_function"] = plain_name(str(params.get("FunctionName", "")))

    def _invoke_ended(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        code = int(parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        report = log_tail.read(
            base64.b64decode(parsed.get("LogResult", "")).decode(errors="replace")
        )
        if code == 429:
            status = "throttled"
        elif code >= 300 or "FunctionError" in parsed:
            status = "error"
        else:
            status = "accepted" if code == 202 else "success"
        start, duration = "", None
        if report is not None:
            start = "warm" if report.init_ms is None and report.restore_ms is None else "cold"
            duration = report.duration_ms
        now = time.time()
        with self._lock:
            made = self._made.setdefault(context.get("lambda_nb_function", ""), Made())
            made.latest.append((now, status, duration))
            made.last = {
                "status": status,
                "duration_ms": duration,
                "start": start,
                "at": int(now * 1000),
            }


def plain_name(name: str) -> str:
    """The function's name from a name or a partial or full ARN, without the qualifier."""
    words = name.split(":")
    if "function" in words:
        return words[words.index("function") + 1]
    return words[0]
