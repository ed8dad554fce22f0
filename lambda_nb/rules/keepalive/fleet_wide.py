"""Keep-alive policies that look at more than one environment.

Before each request is placed, the driver asks a :class:`Retiring` policy which idle environments to
end. The policy decides from a :class:`View` and from what it remembers of earlier requests; like
every rule, it reads no clock and draws no random number. One object remembers one run: the driver
calls :meth:`Retiring.begin` first.

The policies under a memory limit are those of a single server (Fuerst and Sharma, ASPLOS 2021): an
environment lives until its memory is needed. Running requests are never ended; if they alone need
more than the limit, the limit is exceeded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from lambda_nb.rules.keepalive.idle import KeepAlive


class Idle(NamedTuple):
    """An idle environment: its function, and since when it is idle (s)."""

    function: str
    since: float


class View(NamedTuple):
    """What a policy sees when a request for ``function`` arrives at ``now`` (s).

    ``idle`` maps the slots of idle environments to :class:`Idle`, longest idle first; some
    may have passed their own idle limit. ``busy`` counts running environments by function.
    """

    now: float
    function: str
    idle: Mapping[int, Idle]
    busy: Mapping[str, int]


@runtime_checkable
class Retiring(KeepAlive, Protocol):
    """A keep-alive policy that also ends environments because of what others do."""

    def begin(self) -> None:
        """Forget everything: a new run begins."""

    def retire(self, view: View) -> Sequence[tuple[int, float]]:
        """Slots of idle environments to end, each with the time (s) at which it ended."""


@dataclass(slots=True)
class Measured:
    """What AWS's logs show: while a function is in use, surplus environments end one by one. When
    it has been silent for some time, all end; the one used last ends only then.

    In the 2020 run with few requests (one in 540 s), all 16 environments needed after 500 to
    633 s were alive, and all 59 needed after 647 s or more were gone. In the four runs that were
    never silent, most of those needed after 700 to 900 s were alive.

    Parameters
    ----------
    in_use
        Policy for environments that idle while others of the function work.
    silence
        Seconds without any request after which no environment of the function is left.

    Raises
    ------
    ValueError
        When ``silence`` is negative or not a number.
    """

    in_use: KeepAlive
    silence: float
    _last: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)
    _over: dict[str, dict[float, float]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if not self.silence >= 0:
            raise ValueError(
                f"silence is {self.silence!r} s; give a number of seconds that is not negative"
            )

    def begin(self) -> None:
        """Forget when functions were last in use."""
        self._last.clear()
        self._over.clear()

    def idle_limit(self, function: str, now: float, u: float) -> float:
        """Infinite: :meth:`retire` decides later, when it knows whether the function was silent."""
        self._last[function] = now
        lives = self._over.setdefault(function, {})
        lives[now] = now + self.in_use.idle_limit(function, now, u)
        return math.inf

    def retire(self, view: View) -> Sequence[tuple[int, float]]:
        """All of the function, if it was silent too long; else those whose idle limit is over.

        While the function is silent, the one used last stays.
        """
        name, last = view.function, self._last.get(view.function, math.inf)
        silent = not view.busy.get(name, 0)
        lives = self._over.get(name, {})
        mine = [(slot, idle.since) for slot, idle in view.idle.items() if idle.function == name]
        self._over[name] = {since: lives[since] for _, since in mine}
        over = []
        for slot, since in mine:
            end = math.inf if silent and since == last else lives[since]
            if silent:
                end = min(end, last + self.silence)
            if end <= view.now:
                over.append((slot, end))
        return over


@dataclass(slots=True)
class UnderMemory:
    """What keep-alive policies under a memory limit share: only memory ends an environment.

    Parameters
    ----------
    limit
        MB that all environments may take together.
    memory
        MB of an environment, by function.
    """

    limit: float
    memory: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.limit > 0:
            raise ValueError(f"limit is {self.limit!r} MB; it must be above 0")
        for name, size in self.memory.items():
            if not size > 0:
                raise ValueError(f"memory of {name!r} is {size!r} MB; it must be above 0")

    def begin(self) -> None:
        """Nothing to forget."""

    def idle_limit(self, function: str, now: float, u: float) -> float:
        """Infinite."""
        return math.inf


@dataclass(slots=True)
class LeastRecentlyUsed(UnderMemory):
    """Under a memory limit, end the environment that has been idle longest.

    Parameters as for :class:`UnderMemory`.
    """

    def retire(self, view: View) -> Sequence[tuple[int, float]]:
        """Those that have been idle longest, until a new environment fits."""
        return _freed(view, self.limit, self.memory, lambda idle: idle.since)


@dataclass(slots=True)
class LargestFirst(UnderMemory):
    """Under a memory limit, end the largest environment (FaasCache's SIZE).

    Parameters as for :class:`UnderMemory`.
    """

    def retire(self, view: View) -> Sequence[tuple[int, float]]:
        """The largest, until a new environment fits."""
        return _freed(view, self.limit, self.memory, lambda idle: -self.memory[idle.function])


@dataclass(slots=True)
class LeastFrequentlyUsed(UnderMemory):
    """Under a memory limit, end an environment of the function with the fewest requests.

    Requests are counted since the function last had no environment (FaasCache's FREQ). Parameters
    as for :class:`UnderMemory`.
    """

    _uses: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def begin(self) -> None:
        """Forget frequencies."""
        self._uses.clear()

    def retire(self, view: View) -> Sequence[tuple[int, float]]:
        """The least used, until a new environment fits."""
        uses = self._uses
        over = _freed(view, self.limit, self.memory, lambda idle: uses.get(idle.function, 1))
        _count(uses, view, over)
        return over


@dataclass(slots=True)
class GreedyDual(UnderMemory):
    """Under a memory limit, end the environment whose loss costs least (FaasCache).

    Priority = clock + uses x cold-start seconds / MB, set when the environment goes idle. When one
    ends, the clock moves up to its priority, so that unused ones age. ``uses`` counts the
    function's requests since it last had no environment.

    Parameters
    ----------
    limit, memory
        As for :class:`UnderMemory`.
    cold
        Seconds that a cold start takes longer than a warm one, by function.
    """

    cold: Mapping[str, float]
    _clock: float = field(default=0.0, init=False, repr=False, compare=False)
    _uses: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    _base: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def begin(self) -> None:
        """Forget frequencies and the clock."""
        self._clock = 0.0
        self._uses.clear()
        self._base.clear()

    def retire(self, view: View) -> Sequence[tuple[int, float]]:
        """Those of lowest priority, until a new environment fits."""
        over = _freed(view, self.limit, self.memory, self._priority)
        self._clock = max([self._clock, *(self._priority(view.idle[slot]) for slot, _ in over)])
        _count(self._uses, view, over)
        self._base[view.function] = self._clock
        return over

    def _priority(self, idle: Idle) -> float:
        name = idle.function
        worth = self._uses.get(name, 1) * self.cold[name] / self.memory[name]
        return self._base.get(name, 0.0) + worth


def _freed(
    view: View, limit: float, memory: Mapping[str, float], worth: Callable[[Idle], float]
) -> list[tuple[int, float]]:
    """Idle environments to end until the request fits: least worth first, and among equals longest
    idle first (the order of ``idle``)."""
    short = _short(view, limit, memory)
    over: list[tuple[int, float]] = []
    if short > 0:
        for slot, idle in sorted(view.idle.items(), key=lambda item: worth(item[1])):
            if short <= 0:
                break
            over.append((slot, view.now))
            short -= memory[idle.function]
    return over


def _count(uses: dict[str, int], view: View, over: Sequence[tuple[int, float]]) -> None:
    """Count a request, and forget functions that have no environment left."""
    gone = {slot for slot, _ in over}
    left = {idle.function for slot, idle in view.idle.items() if slot not in gone}
    left.update(name for name, count in view.busy.items() if count)
    for name in [name for name in uses if name not in left]:
        del uses[name]
    uses[view.function] = uses.get(view.function, 0) + 1


def _short(view: View, limit: float, memory: Mapping[str, float]) -> float:
    """MB that must be freed before the request can be served; a warm one needs none."""
    name = view.function
    if name not in memory:
        raise ValueError(f"memory does not say how many MB {name!r} takes; add it")
    if any(idle.function == name for idle in view.idle.values()):
        return 0.0
    taken = sum(memory[idle.function] for idle in view.idle.values())
    taken += sum(memory[busy] * count for busy, count in view.busy.items())
    return taken + memory[name] - limit
