"""The pipe to which an environment's processes write their log, as lines and frames."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

MAX_EVENT_BYTES = 256 * 1024
"""CloudWatch Logs' limit of one log event; longer lines are cut into several."""

_MAGIC = b"\xa5\x5a\x00"
_HEAD = 16
_CAPACITY = 1 << 20
_READ = 1 << 16
_LEVELS = {2: "DEBUG", 3: "INFO", 4: "WARN", 5: "ERROR", 6: "FATAL"}

Emit = Callable[[str, "int | None", "str | None"], None]
"""``(message, epoch milliseconds or None, level or None)`` of one log event."""


class LogPipe:
    """Reads one pipe and passes on its log events. ``write_fd`` is for the processes.

    A frame begins with ``A5 5A 00 kk`` (never valid UTF-8), then 4 bytes of length, 8 of
    microseconds and the message; anything else is text, one event a line.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._read_fd, self.write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        self._buffer = b""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read_fd, self.drain)

    def drain(self) -> None:
        """Pass on what has been written so far, at most the pipe's capacity, so that a process
        that writes without end cannot block the engine."""
        taken = 0
        while taken < _CAPACITY:
            try:
                data = os.read(self._read_fd, _READ)
            except OSError:
                break
            self._buffer += data
            taken += len(data)
            if len(data) < _READ:
                break
        if taken:
            self._parse()

    def flush(self) -> None:
        """Pass on everything, including an unfinished line: its invocation is over."""
        self.drain()
        if self._buffer and not self._buffer.startswith(_MAGIC):
            text, self._buffer = self._buffer, b""
            self._line(text)

    def close(self) -> None:
        """Flush and close both ends."""
        if self._read_fd < 0:
            return
        self.flush()
        self._loop.remove_reader(self._read_fd)
        for fd in (self._read_fd, self.write_fd):
            with contextlib.suppress(OSError):
                os.close(fd)
        self._read_fd = self.write_fd = -1

    def _parse(self) -> None:
        buffer = self._buffer
        at = 0
        while at < len(buffer):
            if buffer.startswith(_MAGIC, at):
                end = self._frame(buffer, at)
                if end < 0:
                    break
                at = end
                continue
            newline = buffer.find(b"\n", at)
            frame = buffer.find(_MAGIC, at, newline if newline >= 0 else len(buffer))
            if frame >= 0:
                self._line(buffer[at:frame])
                at = frame
            elif newline >= 0:
                self._line(buffer[at : newline + 1])
                at = newline + 1
            elif len(buffer) - at >= MAX_EVENT_BYTES:
                self._line(buffer[at : at + MAX_EVENT_BYTES])
                at += MAX_EVENT_BYTES
            else:
                break
        self._buffer = buffer[at:]

    def _frame(self, buffer: bytes, at: int) -> int:
        """Pass on the frame at ``at``; returns where it ends, -1 if it is not complete."""
        if len(buffer) < at + _HEAD:
            return -1
        end = at + _HEAD + int.from_bytes(buffer[at + 4 : at + 8], "big")
        if len(buffer) < end:
            return -1
        level = _LEVELS.get(buffer[at + 3] >> 2)
        microseconds = int.from_bytes(buffer[at + 8 : at + 16], "big")
        text = buffer[at + _HEAD : end].decode("utf-8", "replace")
        self._emit(text, microseconds // 1000, level)
        return end

    def _line(self, line: bytes) -> None:
        self._emit(line.decode("utf-8", "replace"), None, None)
