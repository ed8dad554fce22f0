"""Knows when what a service keeps may have changed, so that nobody has to ask it each time."""

from __future__ import annotations

import time
from collections.abc import Callable

from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall

ELSEWHERE_S = 1.0
"""Seconds for which what a service elsewhere said is believed."""

Revision = tuple[int, int]


class ServiceChanges:
    """Watches the calls to one service.

    Parameters
    ----------
    elsewhere
        Whether others can change the service as well: then time passing is a change.
    kept
        Whether the service may hold something from before.
    concerns
        Whether a call that changes something matters here; by default each does.
    """

    def __init__(
        self,
        *,
        elsewhere: bool = False,
        kept: bool = False,
        concerns: Callable[[WatchedCall], bool] = lambda call: True,
    ) -> None:
        self._concerns = concerns
        self._elsewhere = elsewhere
        self._kept = kept
        self._all = 0
        self._of_region: dict[str, int] = {}
        self._watchers: dict[str, list[Callable[[], None]]] = {}

    def revision(self, region: str) -> Revision:
        """Differs from what it was before if something may have changed in a Region."""
        now = int(time.monotonic() / ELSEWHERE_S) if self._elsewhere else 0
        return self._all + self._of_region.get(region, 0), now

    def used(self, region: str) -> bool:
        """Whether the service may hold something of a Region."""
        return self._elsewhere or self._kept or self._of_region.get(region, 0) > 0

    def everywhere(self) -> Revision:
        """As :meth:`revision`, for a service that is the same in every Region."""
        now = int(time.monotonic() / ELSEWHERE_S) if self._elsewhere else 0
        return self._all + sum(self._of_region.values()), now

    def used_anywhere(self) -> bool:
        """As :meth:`used`, for a service that is the same in every Region."""
        return self._elsewhere or self._kept or bool(self._of_region)

    def watch(self, region: str, changed: Callable[[], None]) -> None:
        """Call a function at every change in a Region; at once if there may be some to see."""
        self._watchers.setdefault(region, []).append(changed)
        if self._kept or self._of_region.get(region):
            changed()

    def unwatch(self, region: str) -> None:
        """Call nobody any more for a Region."""
        self._watchers.pop(region, None)

    def emptied(self) -> None:
        """The services hold nothing of what they held."""
        self._all += 1 + sum(self._of_region.values())
        self._of_region.clear()
        self._kept = False
        for watchers in self._watchers.values():
            for changed in watchers:
                changed()

    async def asked(self, call: WatchedCall) -> None:
        """Refuses nothing."""

    def answered(self, call: WatchedCall) -> None:
        """Take note of a change."""
        if not call.changes or not self._concerns(call):
            return
        self._of_region[call.region] = self._of_region.get(call.region, 0) + 1
        for changed in self._watchers.get(call.region, ()):
            changed()
