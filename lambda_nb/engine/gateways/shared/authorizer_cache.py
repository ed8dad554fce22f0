"""What authorizers decided, kept for a while by the values of their identity sources."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

LONGEST_TTL_S = 3600
"""Seconds that a decision may be kept at most (facts/events.md, Authorizers)."""

_MOST_KEPT = 10_000
_Decision = TypeVar("_Decision")


class AuthorizerCache(Generic[_Decision]):
    """Decisions by key. A key is a tuple: whose decision it is comes first, the identity last.

    Parameters
    ----------
    most
        Decisions that are kept; the one that was used longest ago makes room.
    """

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[Hashable, ...], tuple[float, _Decision]] = OrderedDict()

    def get(self, key: tuple[Hashable, ...], now_s: float) -> _Decision | None:
        """The decision that is kept under a key; ``None`` if there is none that still counts.

        Parameters
        ----------
        now_s
            The time in seconds, of a clock that never goes back.
        """
        found = self._kept.get(key)
        if found is None:
            return None
        if now_s >= found[0]:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return found[1]

    def put(
        self, key: tuple[Hashable, ...], decision: _Decision, ttl_s: float, now_s: float
    ) -> None:
        """Keep a decision for ``ttl_s`` seconds, an hour at most; for 0 it is not kept."""
        if ttl_s <= 0:
            return
        self._kept[key] = (now_s + min(ttl_s, LONGEST_TTL_S), decision)
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def reset(self, *owner: Hashable) -> None:
        """Forget the decisions whose keys begin so; without arguments, all."""
        for key in [key for key in self._kept if key[: len(owner)] == owner]:
            del self._kept[key]
