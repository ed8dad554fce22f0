"""Requests that came before, byte by byte, and what answers them again without being parsed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

Again = Callable[["tuple[str, int] | None", "tuple[str, str] | None"], "bytes | None"]
"""Takes the client's address and port, and its version of TLS and cipher, if it has them. Returns
the whole answer, or ``None`` if what answered before no longer does."""

Remember = Callable[[Again], None]

Door = tuple[str, "int | None"]
"""The scheme and the port that a request came by."""

MOST_HEADS = 4096
LONGEST_HEAD = 4096
"""Bytes: longer requests are not remembered. Heads of browsers have about 1,000."""


class KnownHeads:
    """Requests whose answer depends on little else than their own bytes.

    Parameters
    ----------
    most
        How many are remembered; the one that was remembered first makes room.
    """

    def __init__(self, most: int = MOST_HEADS) -> None:
        self._most = most
        self._known: dict[tuple[bytes, Door], Again] = {}
        self._seen: dict[int, None] = {}

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._known)

    def find(self, data: bytes, door: Door) -> Again | None:
        """What answers a request again, if it is known."""
        if not self._may_be_known(data):
            return None
        return self._known.get((data, door))

    def forget(self, data: bytes, door: Door) -> None:
        """Do not answer a request again."""
        self._known.pop((data, door), None)

    def rememberer(self, data: bytes, door: Door) -> Remember | None:
        """Takes what answers a request again. ``None`` if it is no GET, is too long to be
        remembered, or comes for the first time: most requests that differ never come twice."""
        if not self._may_be_known(data):
            return None
        mark = hash((data, door))
        if mark in self._seen:
            return partial(self._remember, data, door)
        self._seen[mark] = None
        if len(self._seen) > 4 * self._most:
            del self._seen[next(iter(self._seen))]
        return None

    @staticmethod
    def _may_be_known(data: bytes) -> bool:
        # Asked before anything is hashed: large bodies come this way too.
        return len(data) <= LONGEST_HEAD and data.startswith(b"GET ")

    def _remember(self, data: bytes, door: Door, again: Again) -> None:
        self._known[data, door] = again
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]
