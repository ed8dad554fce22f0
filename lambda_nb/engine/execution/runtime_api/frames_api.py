"""Takes the frames of failures from the runtime: our addition to the Runtime API."""

from __future__ import annotations

from lambda_nb.engine.execution.runtime_api.http1 import Request, Route

PATH = "/2018-06-01/runtime/lambda-nb/frames"
MOST_BYTES = 1 << 20
"""The Python runtime sends half as much; a function may send anything."""


class FramesApi:
    """The frames of the failure under way. ``routes`` belong on the environment's listener."""

    def __init__(self) -> None:
        self._frames = b""
        self.routes: dict[tuple[str, str], Route] = {("POST", PATH): self._receive}

    def take(self) -> bytes:
        """The frames that came since the last call; empty if none did."""
        frames, self._frames = self._frames, b""
        return frames

    def _receive(self, request: Request) -> None:
        if len(request.body) > MOST_BYTES:
            text = f"Frames have at most {MOST_BYTES} bytes."
            request.refuse(413, "RequestEntityTooLarge", text)
            return
        self._frames = bytes(request.body)
        request.reply(202, b'{"status":"OK"}\n')
