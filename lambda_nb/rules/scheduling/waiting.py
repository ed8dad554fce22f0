"""Which asynchronous event Lambda's queue tries next when concurrency becomes free.

While a function's concurrency is used up, its events wait. The queue tries one as soon as
concurrency becomes free, so a function is never idle while events wait for it. The documented
back-off (:mod:`lambda_nb.rules.events.retry`) remains for throttles that nobody can foresee, such
as those of the scaling rate. A recording shows AWS drain a backlog in this way, behind a function
with reserved concurrency 1 (January 2026).

Events of one pool of environments are tried first in, first out. Pools take turns, so that a long
queue does not keep the others from the concurrency they share.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

Ticket = TypeVar("Ticket")


class WaitingRoom(Generic[Ticket]):
    """Waiting tickets: one first-in, first-out queue per pool.

    Examples
    --------
    >>> room = WaitingRoom[str]()
    >>> for pool, ticket in ((0, "a1"), (0, "a2"), (1, "b1")):
    ...     room.enter(pool, ticket)
    >>> [room.next(lambda pool: True) for _ in range(4)]
    [(0, 'a1'), (1, 'b1'), (0, 'a2'), None]
    """

    def __init__(self) -> None:
        self._lines: OrderedDict[int, deque[Ticket]] = OrderedDict()

    def __len__(self) -> int:
        """How many tickets wait."""
        return sum(map(len, self._lines.values()))

    def __bool__(self) -> bool:
        """Whether any ticket waits."""
        return bool(self._lines)

    def waits(self, pool: int) -> bool:
        """Whether a ticket waits for a pool; a new one must then queue behind it."""
        return pool in self._lines

    def enter(self, pool: int, ticket: Ticket) -> None:
        """Put a ticket at the end of a pool's queue."""
        self._lines.setdefault(pool, deque()).append(ticket)

    def leave(self, pool: int, ticket: Ticket) -> None:
        """Take a ticket out of its queue; does nothing if it is not there."""
        line = self._lines.get(pool)
        if line is not None and ticket in line:
            line.remove(ticket)
            if not line:
                del self._lines[pool]

    def dismiss(self, pool: int) -> list[Ticket]:
        """Empty a pool's queue, return its tickets: the pool is closed, or will never have room."""
        return list(self._lines.pop(pool, ()))

    def pools(self) -> list[int]:
        """The pools that tickets wait for."""
        return list(self._lines)

    def next(self, has_room: Callable[[int], bool]) -> tuple[int, Ticket] | None:
        """Take out the ticket whose turn it is among pools with room: ``(pool, ticket)``."""
        for pool, line in self._lines.items():
            if has_room(pool):
                ticket = line.popleft()
                if line:
                    self._lines.move_to_end(pool)
                else:
                    del self._lines[pool]
                return pool, ticket
        return None
