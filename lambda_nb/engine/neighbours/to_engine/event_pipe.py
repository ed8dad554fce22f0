"""The pipe from the neighbours' process to the engine: one JSON line for each message."""

from __future__ import annotations

import json
import threading
from typing import Any, TextIO


class Outlet:
    """Hands events for functions, and news of streams, to the engine, in order.

    The engine reads the other end all the time and only queues the messages. So a write hardly
    waits, and a service that pushes an event never waits for the function.

    Parameters
    ----------
    stream
        A text stream that the engine reads.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, source: str, function_arn: str, event: Any) -> None:
        """Send one event (a JSON value, or JSON text, sent as it is)."""
        payload = event if isinstance(event, str) else json.dumps(event)
        self._write({"source": source, "function": function_arn, "payload": payload})

    def tell_news(self, stream_arn: str, shard: str) -> None:
        """Say that a shard of a stream has new records."""
        self._write({"stream": stream_arn, "shard": shard})

    def _write(self, told: dict[str, str]) -> None:
        line = json.dumps(told)
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()
