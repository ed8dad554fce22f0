"""Calls of AWS's query protocol that somebody in the engine wants to know of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from lambda_nb.engine.api.admission.signature_v4 import claimed_scope
from lambda_nb.engine.api.wire.http import HttpRequest


@dataclass(frozen=True, slots=True)
class QueryCall:
    """One call: the Region that it names and its parameters.

    ``parameters`` is empty where the body was streamed and nobody could read it.
    """

    region: str
    parameters: Mapping[str, str]

    @classmethod
    def of(cls, request: HttpRequest, body: bytes | AsyncIterator[bytes]) -> QueryCall:
        """The call that a request makes."""
        form = body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
        parameters = dict(parse_qsl(form or request.query, keep_blank_values=True))
        region, _ = claimed_scope(request.headers, request.query)
        return cls(region or "", parameters)

    @property
    def action(self) -> str:
        """AWS's name of the operation; empty if it is not known."""
        return self.parameters.get("Action", "")


class Watch(Protocol):
    """Is told of the calls to a service."""

    async def asked(self, call: QueryCall) -> None:
        """A call that is about to be passed on. Raises ``AWSError`` to refuse it."""

    def answered(self, call: QueryCall) -> None:
        """A call that succeeded; its caller does not have the answer yet."""
