"""CloudFront Functions for tests: code and stores in memory, requests, and what was logged."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.edge.functions.code import Code, NoCode, Store
from lambda_nb.engine.edge.functions.edge_functions import EdgeFunctions
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request, Response, Viewer
from lambda_nb.engine.edge.triggers.context import TriggerContext

STORE = "arn:aws:cloudfront::000000000000:key-value-store/a1b2c3d4-5678-90ab-cdef-111111111111"
ARN = "arn:aws:cloudfront::000000000000:function/f"
VIEWER = Viewer("192.0.2.1", 50000, "DE", "https", "FRA", "request-1")
CONTEXT = TriggerContext("E1", "d1.cloudfront.net", VIEWER)


@dataclass
class Memory:
    """Keeps code and stores, as CloudFront does."""

    codes: dict[str, Code] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    changes: int = 0
    reads: int = 0

    def revision(self) -> int:
        """How often something changed."""
        return self.changes

    async def code(self, name: str, stage: str) -> Code:
        """The code of a function."""
        self.reads += 1
        if name not in self.codes:
            raise NoCode(f"{name} has no stage {stage}: publish it.")
        return self.codes[name]

    async def store(self, arn: str) -> Store:
        """The only store."""
        return Store(arn, dict(self.items), "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z")


@dataclass
class Lines:
    """What was logged: group, stream, message."""

    put_lines: list[tuple[str, str, str]] = field(default_factory=list)

    def put(self, group: str, stream: str, timestamp_ms: int, message: str) -> None:
        """Keep a line."""
        self.put_lines.append((group, stream, message))


class Lab:
    """One function, and what it makes of requests.

    Parameters
    ----------
    text
        Its code.
    version
        Of the runtime.
    items
        Of its key value store; ``None`` for no store.
    """

    def __init__(
        self, text: str, version: str = "2.0", items: Mapping[str, str] | None = None
    ) -> None:
        self.memory = Memory(items=dict(items or {}))
        self.stored = items is not None
        self.lines = Lines()
        self.now = 0.0
        self.measured: list[tuple[str, str]] = []
        self.functions = EdgeFunctions(
            self.memory,
            self.lines,
            clock=lambda: self.now,
            measured=lambda name, seconds, outcome: self.measured.append((name, outcome)),
        )
        self.publish(text, version)

    def publish(self, text: str, version: str = "2.0") -> None:
        """Put code into its place."""
        self.memory.codes["f"] = Code("f", text, version, STORE if self.stored else "")
        self.memory.changes += 1

    def request(self, request: Request | None = None) -> Any:
        """Call the function at a viewer-request event."""
        asked = request or get("/")
        return asyncio.run(self.functions.viewer_request(ARN, CONTEXT, asked))

    def response(self, response: Response, request: Request | None = None) -> Response:
        """Call the function at a viewer-response event."""
        asked = request or get("/")
        return asyncio.run(self.functions.viewer_response(ARN, CONTEXT, asked, response))


def get(uri: str, query: str = "", **headers: str) -> Request:
    """A request; the names of headers have underscores for hyphens."""
    pairs = [("Host", "d1.cloudfront.net")]
    pairs += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request("GET", uri, query, Headers(pairs))


def answer(body: bytes = b"page", **headers: str) -> Response:
    """A response."""
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Response(200, Headers(pairs), body, "OK")


def returning(expression: str) -> str:
    """Code whose handler answers with a header that has a value in JSON."""
    return (
        "function handler(event) { return {statusCode: 200, "
        f"body: JSON.stringify({expression})}}; }}"
    )
