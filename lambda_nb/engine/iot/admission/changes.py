"""Knows whose permissions may have changed, so that nobody has to be looked up for each message."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

ELSEWHERE_S = 10.0
"""Seconds for which what a service elsewhere said is believed; then it is asked for each device."""

Revision = tuple[int, int, int]
Changed = Callable[["str | None"], None]
"""Is told of a change: the principal or the thing that it concerns (an ARN); ``None`` for all."""


@dataclass(slots=True)
class _OfRegion:
    everyone: int = 0
    one: dict[str, int] = field(default_factory=dict)
    watchers: list[Changed] = field(default_factory=list)


class Changes:
    """Counts changes, by Region and by what they concern: ARNs of certificates and things.

    Parameters
    ----------
    elsewhere
        Whether others can change the service as well: then time passing is a change.
    """

    def __init__(self, *, elsewhere: bool = False) -> None:
        self._elsewhere = elsewhere
        self._emptied = 0
        self._regions: dict[str, _OfRegion] = {}

    def revision(self, region: str, *concerned: str) -> Revision:
        """Differs from what it was before if something may have changed of what is named."""
        of_region = self._of(region)
        now = int(time.monotonic() / ELSEWHERE_S) if self._elsewhere else 0
        one = of_region.one
        return (
            self._emptied + of_region.everyone,
            sum(one.get(arn, 0) for arn in concerned),
            now,
        )

    def watch(self, region: str, changed: Changed) -> Callable[[], None]:
        """Call a function at every change in a Region; returns what ends that."""
        watchers = self._of(region).watchers
        watchers.append(changed)
        return lambda: watchers.remove(changed)

    def note(self, region: str, concerned: str | None) -> None:
        """Something has changed: of one principal or thing, or ``None`` for everyone."""
        of_region = self._of(region)
        if concerned is None:
            of_region.everyone += 1
        else:
            of_region.one[concerned] = of_region.one.get(concerned, 0) + 1
        for changed in tuple(of_region.watchers):
            changed(concerned)

    def emptied(self) -> None:
        """The services hold nothing of what they held."""
        self._emptied += 1
        for of_region in self._regions.values():
            for changed in tuple(of_region.watchers):
                changed(None)

    def _of(self, region: str) -> _OfRegion:
        return self._regions.setdefault(region, _OfRegion())
