"""Runs what a notebook wants to be called with each message: beside the connection, in order.

In the connection's own thread a call could neither publish nor subscribe, since both wait for an
answer that this thread has to read; and an error would end it.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from queue import SimpleQueue

from lambda_nb.notebook.devices.messages import Received

_Call = Callable[[Received], None]


class Callbacks:
    """The calls of one device.

    Parameters
    ----------
    name
        The device's.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: SimpleQueue[tuple[_Call, Received] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def put(self, call: _Call, message: Received) -> None:
        """Call a function with a message, after the calls before it."""
        self._waiting.put((call, message))
        if self._thread is None:
            name = f"lambda_nb device {self._name}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Make the calls that wait, and then no more."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)

    def _run(self) -> None:
        while (one := self._waiting.get()) is not None:
            call, message = one
            try:
                call(message)
            except Exception:
                told = f"{self._name}: the function for messages of {message.topic!r} failed\n"
                sys.stderr.write(told + traceback.format_exc())
