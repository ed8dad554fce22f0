"""Which asynchronous event is tried next when concurrency becomes free.

Lambda's queue does not try an event while the function's concurrency is used up: the event waits,
and is tried at the moment that something becomes free. So a function is never idle while events
wait for it, and the documented back-off (:mod:`lambda_nb.rules.events.retry`) remains for
refusals that nobody could foresee, such as the scaling rate. AWS was recorded to drain a backlog
behind a function with reserved concurrency 1 in this way (January 2026).

Events of one pool of environments are tried in the order of their coming. Pools take turns, so that
a long line does not keep the others from what they share.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

Ticket = TypeVar("Ticket")


class WaitingRoom(Generic[Ticket]):
    """Lines of tickets, one a pool.

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
        """Tickets that wait."""
        return sum(map(len, self._lines.values()))

    def __bool__(self) -> bool:
        """Whether any waits."""
        return bool(self._lines)

    def waits(self, pool: int) -> bool:
        """Whether a ticket waits for a pool, behind which a new one must stand."""
        return pool in self._lines

    def enter(self, pool: int, ticket: Ticket) -> None:
        """Stand at the end of a pool's line."""
        self._lines.setdefault(pool, deque()).append(ticket)

    def leave(self, pool: int, ticket: Ticket) -> None:
        """Give up waiting; nothing happens to a ticket that waits no more."""
        line = self._lines.get(pool)
        if line is not None and ticket in line:
            line.remove(ticket)
            if not line:
                del self._lines[pool]

    def dismiss(self, pool: int) -> list[Ticket]:
        """Everybody in a pool's line must leave: the pool is closed, or will never have room."""
        return list(self._lines.pop(pool, ()))

    def pools(self) -> list[int]:
        """The pools that are waited for."""
        return list(self._lines)

    def next(self, has_room: Callable[[int], bool]) -> tuple[int, Ticket] | None:
        """Take out the ticket whose turn it is, among the pools that have room; its pool first."""
        for pool, line in self._lines.items():
            if has_room(pool):
                ticket = line.popleft()
                if line:
                    self._lines.move_to_end(pool)
                else:
                    del self._lines[pool]
                return pool, ticket
        return None
