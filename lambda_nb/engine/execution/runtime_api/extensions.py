"""The Extensions API of one environment: registration, events, exit (facts/executor.md sec. 9).

External extensions are programs in ``/opt/extensions``; internal ones register from within the
runtime's process. A phase (init, invocation) is over when the runtime *and* every extension have
asked for their next event.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lambda_nb.engine.execution.runtime_api.http1 import Request, Route
from lambda_nb.engine.model import FunctionVersion, Invocation
from lambda_nb.rules import loglines

MOST_EXTENSIONS = 10
"""Extensions of an environment (AWS Developer Guide)."""

_PREFIX = "/2020-01-01/extension/"
_EVENTS = ("INVOKE", "SHUTDOWN")


class ExtensionEvents(Protocol):
    """Is told what extensions did. Called on the event loop; must not block or raise."""

    def extension_asked(self) -> None:
        """An extension waits for its next event."""

    def extension_failed(self, error_type: str, message: str) -> None:
        """An extension reported an error."""


@dataclass(slots=True)
class Extension:
    """One registered extension; ``parked`` while it waits for an event."""

    name: str
    identifier: str
    events: tuple[str, ...]
    external: bool
    parked: Request | None = None


def programs(opt: Path) -> list[str]:
    """Names of the external extensions in the layers."""
    folder = opt / "extensions"
    if not folder.is_dir():
        return []
    return sorted(
        entry.name for entry in folder.iterdir() if entry.is_file() and os.access(entry, os.X_OK)
    )


class Extensions:
    """The extensions of one environment. ``routes`` belong on its listener."""

    def __init__(
        self,
        function: FunctionVersion,
        expected: list[str],
        events: ExtensionEvents,
        log: Callable[[loglines.Line], None],
    ) -> None:
        self._function = function
        self.expected = expected
        self._events = events
        self._log = log
        self._registered: dict[str, Extension] = {}
        self._open = True
        self.routes: dict[tuple[str, str], Route] = {
            ("POST", _PREFIX + "register"): self._register,
            ("GET", _PREFIX + "event/next"): self._next,
            ("POST", _PREFIX + "init/error"): self._failed,
            ("POST", _PREFIX + "exit/error"): self._failed,
        }

    def begin(self) -> None:
        """New processes start: no extension is registered."""
        self._registered.clear()
        self._open = True

    @property
    def all_registered(self) -> bool:
        """Whether every external extension has registered."""
        names = {e.name for e in self._registered.values()}
        return names.issuperset(self.expected)

    @property
    def idle(self) -> bool:
        """Whether every extension waits for an event."""
        return all(e.parked is not None for e in self._registered.values())

    @property
    def present(self) -> bool:
        """Whether any extension has registered."""
        return bool(self._registered)

    @property
    def shutdown_s(self) -> float:
        """How long a shutdown may take: 2 s with external extensions, 0.5 s with internal ones."""
        if any(e.external for e in self._registered.values()):
            return 2.0
        return 0.5 if self._registered else 0.0

    def close_registration(self) -> None:
        """The init phase is over: no extension may register any more."""
        if not self._open:
            return
        self._open = False
        for extension in self._registered.values():
            self._log(loglines.Extension(extension.name, "Ready", extension.events))

    def known(self, identifier: str) -> Extension | None:
        """The extension with an identifier, for the other APIs that extensions use."""
        return self._registered.get(identifier)

    def invoke(self, invocation: Invocation, deadline_ms: int) -> None:
        """Tell the extensions that asked for it that an invocation begins."""
        if not self._registered:
            return
        event = {
            "eventType": "INVOKE",
            "deadlineMs": deadline_ms,
            "requestId": invocation.request_id,
            "invokedFunctionArn": invocation.invoked_arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": invocation.trace_header or ""},
        }
        self._deliver("INVOKE", event)

    def shut_down(self, reason: str, deadline_ms: int) -> None:
        """Tell the extensions that asked for it that the environment ends."""
        event = {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_ms}
        self._deliver("SHUTDOWN", event)

    def _deliver(self, kind: str, event: dict[str, object]) -> None:
        body = json.dumps(event, separators=(",", ":")).encode()
        for extension in self._registered.values():
            if kind in extension.events and extension.parked is not None:
                request, extension.parked = extension.parked, None
                request.reply(200, body, f"Lambda-Extension-Event-Identifier: {uuid.uuid4()}\r\n")

    # -- routes

    def _register(self, request: Request) -> None:
        name = request.headers.get("lambda-extension-name", "")
        if not name:
            request.refuse(403, "Extension.InvalidExtensionName", "Empty extension name")
            return
        try:
            events = tuple(json.loads(bytes(request.body) or b"{}").get("events", ()))
        except (ValueError, AttributeError):
            request.refuse(403, "InvalidRequestFormat", "Request body is not a JSON object")
            return
        external = name in self.expected
        for event in events:
            if event not in _EVENTS or (event == "SHUTDOWN" and not external):
                request.refuse(
                    403, "Extension.InvalidEventType", f"{event}: invalid event for this extension"
                )
                return
        if not self._open:
            message = "Extension registration closed already"
            request.refuse(403, "Extension.RegistrationClosed", message)
            return
        if len(self._registered) >= MOST_EXTENSIONS:
            message = f"Extension limit ({MOST_EXTENSIONS}) reached"
            request.refuse(403, "Extension.TooManyExtensions", message)
            return
        if any(e.name == name for e in self._registered.values()):
            message = f"Extension with name {name} already registered"
            request.refuse(403, "Extension.AlreadyRegistered", message)
            return
        identifier = str(uuid.uuid4())
        self._registered[identifier] = Extension(name, identifier, events, external)
        function = self._function
        body = {
            "functionName": function.name,
            "functionVersion": function.version,
            "handler": function.handler,
        }
        if "accountid" in request.headers.get("lambda-extension-accept-feature", "").lower():
            body["accountId"] = function.account
        header = f"Lambda-Extension-Identifier: {identifier}\r\n"
        request.reply(200, json.dumps(body, separators=(",", ":")).encode(), header)
        self._events.extension_asked()

    def _next(self, request: Request) -> None:
        extension = self._of(request)
        if extension is not None:
            extension.parked = request
            self._events.extension_asked()

    def _failed(self, request: Request) -> None:
        if self._of(request) is None:
            return
        kind = request.headers.get("lambda-extension-function-error-type", "Extension.Unknown")
        request.reply(202, b'{"status":"OK"}\n')
        self._events.extension_failed(kind, bytes(request.body).decode("utf-8", "replace"))

    def _of(self, request: Request) -> Extension | None:
        identifier = request.headers.get("lambda-extension-identifier", "")
        extension = self._registered.get(identifier)
        if extension is None:
            kind = (
                "Extension.UnknownExtensionIdentifier"
                if identifier
                else ("Extension.MissingHeader")
            )
            request.refuse(403, kind, f"Unknown extension {identifier}")
        return extension
