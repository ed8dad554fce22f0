"""An object as it is sent to a browser."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.api.wire.http import Header, Send
from lambda_nb.engine.machine.call_threads import in_call_thread

SMALL = 1 << 16
"""Bytes of a body that is read at once."""

_CHUNK = 1 << 18
_RELAYED = (
    *("accept-ranges", "cache-control", "content-", "etag", "expires", "last-modified"),
    *("x-amz-error-", "x-amz-meta-", "x-amz-version-id"),
)


@dataclass(slots=True)
class Content:
    """An object's answer: of its body, ``first`` is read, and ``rest`` is still to be read."""

    status: int
    headers: dict[str, str]
    first: bytes = b""
    rest: Any = None

    @property
    def redirect(self) -> str | None:
        """Where a browser that asks a website for the object shall go instead."""
        return self.headers.get("x-amz-website-redirect-location")

    def close(self) -> None:
        """Leave the rest unread."""
        if self.rest is not None:
            self.rest.close()

    async def send(self, cors: Sequence[Header], request_id: str, send: Send) -> None:
        """Send it as it is read.

        Parameters
        ----------
        cors
            Headers that let pages of other origins read it.
        """
        told = [
            (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in self.headers.items()
            if name.lower().startswith(_RELAYED)
        ]
        told += [(b"x-amz-request-id", request_id.encode()), *cors]
        with closing(self):
            await send({"type": "http.response.start", "status": self.status, "headers": told})
            part = self.first
            while part and self.rest is not None:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                part = await in_call_thread(self.rest.read, _CHUNK)
            await send({"type": "http.response.body", "body": part})
