"""Counts the calls that may have changed a service, so that others need not ask it for nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from lambda_nb.engine.api.neighbours.watched_calls import changes
from lambda_nb.engine.api.wire.http import HttpRequest

_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_SIGNED_AS = {
    "apigatewayv2": "apigateway",
    "dynamodbstreams": "dynamodb",
    "cloudwatch": "monitoring",
}
"""moto's names that are not the signing names."""


class ServiceUse:
    """How often each service may have been changed, by its signing name.

    Parameters
    ----------
    state_dir
        Where the embedded services keep their state from one start of the engine to the next.
    elsewhere
        Services that others can change as well.
    """

    def __init__(self, state_dir: Path, elsewhere: Iterable[str]) -> None:
        self._elsewhere = tuple(elsewhere)
        self._counts: Counter[str] = Counter(self._elsewhere)
        for path in state_dir.glob("moto.*"):
            name = path.name.split(".")[1]
            self._counts[_SIGNED_AS.get(name, name)] = 1

    def told(self) -> dict[str, int]:
        """The counts. A service that is not there holds nothing."""
        return dict(self._counts)

    def may_hold(self, service: str) -> bool:
        """Whether a service may hold anything: somebody changed it since it was empty."""
        return self._counts[service] > 0

    def emptied(self) -> None:
        """The embedded services hold nothing of what they held."""
        self._counts = Counter(self._elsewhere)

    def changed(self, service: str) -> None:
        """A service that the engine keeps itself may have changed."""
        self._counts[service] += 1

    def answered(self, request: HttpRequest, body: object, service: str) -> None:
        """A call to a service that succeeded."""
        if may_change(request, body if isinstance(body, bytes) else b""):
            self._counts[service] += 1


def may_change(request: HttpRequest, body: bytes) -> bool:
    """Whether a call does more than read, as far as its first words say."""
    return changes(_action(request, body), request.method, request.path)


def _action(request: HttpRequest, body: bytes) -> str:
    """AWS's name of the operation; empty where its first words do not say it."""
    target = request.headers.get("x-amz-target")
    if target is not None:
        return target.rpartition(".")[2]
    form = request.query.encode() if request.method in ("GET", "HEAD") else body[:4096]
    found = _ACTION.search(form)
    return "" if found is None else found[1].decode()
