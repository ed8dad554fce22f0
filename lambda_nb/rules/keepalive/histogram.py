"""The hybrid histogram policy of Azure Functions (Shahrad et al., USENIX ATC 2020).

Each function has a histogram of its idle times, one bin a minute over four hours. Where it shows a
pattern, the environment is unloaded after execution, loaded again shortly before the next request
is likely, and kept until it is unlikely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from lambda_nb.rules.keepalive.idle import KeepAlive

MINUTE = 60.0


class Window(NamedTuple):
    """Seconds after the end of a request: load again at ``head`` (0: never unload), unload at
    ``tail``."""

    head: float
    tail: float


@runtime_checkable
class Prewarming(KeepAlive, Protocol):
    """A keep-alive policy that loads environments again ahead of requests.

    The driver reports every request, and asks for a window whenever the last running request of a
    function ends. An environment loaded ahead is ready at once.
    """

    def begin(self) -> None:
        """Forget everything: a new run begins."""

    def came(self, function: str, idle: float | None) -> None:
        """A request for ``function`` arrived, ``idle`` seconds after its last one ended.

        ``None``: it is the first, or others are still running.
        """

    def window(self, function: str) -> Window:
        """When to load ``function`` again and until when to keep it."""


@dataclass(slots=True)
class HybridHistogram:
    """Windows from the idle times seen so far, function by function.

    * A pattern (coefficient of variation of the bin counts at least ``cv``): load again at the 5th
      percentile minus ``margin``, keep until the 99th plus ``margin``.
    * No pattern: keep for the whole range of the histogram.
    * Half or more of the idle times beyond the range: keep around a forecast, ``forecast_margin``
      to either side. The paper forecasts with ARIMA; here it is the mean of the last ten.

    Parameters
    ----------
    bins
        Minutes that the histogram covers.
    cv
        Least coefficient of variation of a pattern.
    least
        Idle times that must be seen before a pattern counts.
    margin, forecast_margin
        Shares.
    """

    bins: int = 240
    cv: float = 2.0
    least: int = 10
    margin: float = 0.10
    forecast_margin: float = 0.15
    _seen: dict[str, list[int]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _beyond: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    _last: dict[str, list[float]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.bins < 1:
            raise ValueError(f"bins is {self.bins}; give at least one minute")

    def begin(self) -> None:
        """Forget all idle times."""
        self._seen.clear()
        self._beyond.clear()
        self._last.clear()

    def came(self, function: str, idle: float | None) -> None:
        """Count an idle time."""
        if idle is None:
            return
        counts = self._seen.setdefault(function, [0] * self.bins)
        place = int(idle // MINUTE)
        if place < self.bins:
            counts[place] += 1
        else:
            self._beyond[function] = self._beyond.get(function, 0) + 1
        self._last[function] = [*self._last.get(function, [])[-9:], idle]

    def idle_limit(self, function: str, now: float, u: float) -> float:
        """0 if the environment will be loaded again; else until the tail of the window."""
        head, tail = self.window(function)
        return 0.0 if head > 0 else tail

    def window(self, function: str) -> Window:
        """By the rules above."""
        everything = Window(0.0, self.bins * MINUTE)
        counts = self._seen.get(function)
        if counts is None:
            return everything
        inside, beyond = sum(counts), self._beyond.get(function, 0)
        if inside + beyond < self.least:
            return everything
        if beyond >= inside:
            last = self._last[function]
            expected = sum(last) / len(last)
            off = self.forecast_margin * expected
            return Window(expected - off, expected + off)
        mean = inside / self.bins
        variance = sum((count - mean) ** 2 for count in counts) / self.bins
        if math.sqrt(variance) < self.cv * mean:
            return everything
        # The 5th percentile is rounded down to its bin's beginning, the 99th up to its end.
        head = _percentile(counts, inside, 0.05) * MINUTE * (1 - self.margin)
        tail = (_percentile(counts, inside, 0.99) + 1) * MINUTE * (1 + self.margin)
        return Window(head, tail)


def _percentile(counts: Sequence[int], total: int, share: float) -> int:
    """The bin in which the cumulated counts reach ``share``."""
    so_far = 0
    for place, count in enumerate(counts):
        so_far += count
        if so_far >= share * total:
            return place
    return len(counts) - 1
