"""Addresses at which a stack waits for an answer, and what came there.

On AWS these are links to objects of S3, signed in advance: whoever knows one may PUT there.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict

PATH = "/cloudformation-custom-resource-response/"
"""Where the addresses begin. The Node.js bootstrap looks for it in events (stack_answers.mjs)."""

MOST_BYTES = 1 << 20
_MOST_BODIES = 1000
_MOST_REMEMBERED = 10_000


class Address:
    """One address, and what was put there.

    Attributes
    ----------
    url
        The address itself.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._bodies: list[bytes] = []
        self._news = threading.Condition()

    def put(self, body: bytes) -> bool:
        """Take what somebody sent; false if there is too much already."""
        with self._news:
            if len(self._bodies) >= _MOST_BODIES:
                return False
            self._bodies.append(body)
            self._news.notify_all()
            return True

    def bodies(self, more_than: int, within_s: float) -> list[bytes]:
        """What came so far: at once if that is more than so many, else after ``within_s``."""
        with self._news:
            self._news.wait_for(lambda: len(self._bodies) > more_than, within_s)
            return list(self._bodies)


class Answers:
    """All addresses of an engine. Threads may use it.

    Parameters
    ----------
    own_url
        The engine's address.
    """

    def __init__(self, own_url: str) -> None:
        self._start = own_url.rstrip("/") + PATH
        self._open: dict[str, Address] = {}
        # Whoever answers twice, or late, is thanked as on AWS, and nobody reads it.
        self._closed: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def open(self) -> Address:
        """A new address, which nobody can guess."""
        token = secrets.token_urlsafe(32)
        address = Address(self._start + token)
        with self._lock:
            self._open[token] = address
        return address

    def at(self, url: str) -> Address | None:
        """The open address of a URL; ``None`` if it is none, or from before the engine's start."""
        return self._open.get(url.removeprefix(self._start))

    def close(self, url: str) -> None:
        """Nobody waits there any more."""
        token = url.removeprefix(self._start)
        with self._lock:
            if self._open.pop(token, None) is not None:
                self._closed[token] = None
            while len(self._closed) > _MOST_REMEMBERED:
                self._closed.popitem(last=False)

    def put(self, token: str, body: bytes) -> bool:
        """Take an answer; false if there is no such address."""
        address = self._open.get(token)
        return address.put(body) if address is not None else token in self._closed
