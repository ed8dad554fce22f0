"""Calls to other services that somebody in the engine wants to know of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl

from lambda_nb.engine.api.admission.signature_v4 import claimed_scope
from lambda_nb.engine.api.wire.http import HttpRequest, Reply

_READING = ("Describe", "Get", "List", "Search", "Query", "Scan", "BatchGet", "Head")
_CONFIRMING = "/confirmdestination/"
"""AWS IoT's ConfirmTopicRuleDestination is a GET that changes something."""


@dataclass(frozen=True, slots=True)
class WatchedCall:
    """One call: the Region that it names, its HTTP method and its parameters.

    ``action`` is AWS's name of the operation; empty in REST protocols, where method and path say
    it. ``parameters`` are those of the query protocol; empty in other protocols, or where the body
    was streamed and nobody could read it. ``path`` and ``query`` are percent-encoded; with
    ``headers`` and ``body`` they say what a REST protocol calls.
    """

    region: str
    method: str
    action: str
    parameters: Mapping[str, str]
    path: str = ""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, request: HttpRequest, body: bytes | AsyncIterator[bytes]) -> WatchedCall:
        """The call that a request makes."""
        region, _ = claimed_scope(request.headers, request.query)
        content = body if isinstance(body, bytes) else b""
        whole = (request.path, request.query, request.headers, content)
        target = request.headers.get("x-amz-target")
        if target is not None:
            return cls(region or "", request.method, target.rpartition(".")[2], {}, *whole)
        form = content.decode("utf-8", "replace")
        if form.startswith(("{", "[")):  # a REST protocol's document
            form = ""
        parameters = dict(parse_qsl(form or request.query, keep_blank_values=True))
        action = parameters.get("Action", "")
        return cls(region or "", request.method, action, parameters, *whole)

    @property
    def changes(self) -> bool:
        """Whether it may have changed something."""
        return changes(self.action, self.method, self.path)


def changes(action: str, method: str, path: str) -> bool:
    """Whether a call may change something; ``action`` is empty in REST protocols."""
    if action:  # in the query protocol a GET may write
        return not action.startswith(_READING)
    return method not in ("GET", "HEAD") or path.startswith(_CONFIRMING)


class Watch(Protocol):
    """Is told of the calls to a service."""

    async def asked(self, call: WatchedCall) -> Reply | None:
        """A call that is about to be passed on. Raises ``AWSError`` to refuse it.

        A reply is sent in the service's place, and the call is not passed on.
        """

    def answered(self, call: WatchedCall) -> None:
        """A call that succeeded; its caller does not have the answer yet."""
