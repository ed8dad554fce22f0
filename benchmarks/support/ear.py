"""Hears from handlers which events arrived, and when."""

from __future__ import annotations

import itertools
import socket
import threading


class Ear:
    """Receives from handlers which events arrived, and when.

    The function sends a datagram: both peers let functions use loopback, and it costs the handler
    almost no time.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.came: dict[str, int] = {}
        self._news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def code(self) -> str:
        """The function's code: notes the time, then finds the marks in its event."""
        return (
            "import base64, json, re, socket, time\n"
            "mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "def handler(event, context):\n"
            "    entered = time.time_ns()\n"
            "    text = json.dumps(event)\n"
            "    for record in event.get('Records', []):\n"
            "        if 'kinesis' in record:\n"
            "            text += base64.b64decode(record['kinesis']['data']).decode()\n"
            "    marks = sorted(set(re.findall(r'mark-[0-9]+', text)))\n"
            "    for i in range(0, len(marks), 500):\n"
            "        told = ' '.join([str(entered), *marks[i:i + 500]])\n"
            f"        mouth.sendto(told.encode(), ('127.0.0.1', {self.port}))\n"
        )

    def wait(self, marks: list[str], within_s: float) -> list[str]:
        """Return the events that came; stop when none comes for ``within_s``."""
        with self._news:
            waiting = [mark for mark in marks if mark not in self.came]
            while waiting and self._news.wait(within_s):
                waiting = [mark for mark in waiting if mark not in self.came]
        return [mark for mark in marks if mark in self.came]

    def _listen(self) -> None:
        while True:
            entered, *marks = self._socket.recv(65536).decode().split()
            with self._news:
                for mark in marks:
                    self.came.setdefault(mark, int(entered))
                self._news.notify_all()


_numbers = itertools.count(1)


def mark() -> str:
    """A unique word that identifies one event."""
    return f"mark-{next(_numbers)}"
