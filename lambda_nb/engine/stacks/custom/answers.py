"""Addresses at which a stack waits for an answer, and what came there.

On AWS these are links to objects of S3, signed in advance: whoever knows one may PUT there.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict

log = logging.getLogger(__name__)

PATH = "/cloudformation-custom-resource-response/"
"""Where the addresses begin. The bootstraps of Node.js and Python look for it in events."""

MOST_BYTES = 1 << 20
_MOST_BODIES = 1000
_MOST_REMEMBERED = 10_000


class Address:
    """One address, and what was put there.

    Attributes
    ----------
    url
        The address itself.
    failure
        Why nobody will answer any more: what was to do it failed for good.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.failure: str | None = None
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

    def fail(self, why: str) -> None:
        """Wait no longer: nobody will answer."""
        with self._news:
            self.failure = why
            self._news.notify_all()

    def bodies(self, more_than: int, within_s: float) -> list[bytes]:
        """What came so far: at once if that is more than so many, or nobody will answer; else
        after ``within_s``."""
        with self._news:
            self._news.wait_for(lambda: len(self._bodies) > more_than or self.failure, within_s)
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
        self._expected: dict[str, tuple[Address, str]] = {}
        self._failures: OrderedDict[str, str] = OrderedDict()
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
            address = self._open.pop(token, None)
            if address is not None:
                self._closed[token] = None
                self._expected = {
                    request_id: expected
                    for request_id, expected in self._expected.items()
                    if expected[0] is not address
                }
            while len(self._closed) > _MOST_REMEMBERED:
                self._closed.popitem(last=False)

    def expect(self, address: Address, request_id: str, who: str) -> None:
        """An address will be answered by an asynchronous invocation, of this request ID.

        ``who`` says for the log what it is for.
        """
        with self._lock:
            if request_id in self._failures:  # it was faster
                address.fail(self._failures[request_id])
            self._expected[request_id] = (address, who)

    def failed(self, request_id: str, why: str, again_in_s: float | None) -> None:
        """An asynchronous invocation failed; nobody should wait if ``again_in_s`` is ``None``."""
        with self._lock:
            if not self._open:
                return
            if again_in_s is None:
                self._failures[request_id] = why
                while len(self._failures) > _MOST_BODIES:
                    self._failures.popitem(last=False)
            address, who = self._expected.get(request_id, (None, ""))
        if address is None:
            return
        if again_in_s is None:
            address.fail(why)
        else:
            log.warning("%s: %s; it is tried again in %g s", who, why, again_in_s)

    def put(self, token: str, body: bytes) -> bool:
        """Take an answer; false if there is no such address."""
        address = self._open.get(token)
        return address.put(body) if address is not None else token in self._closed
