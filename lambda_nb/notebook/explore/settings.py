"""The settings that sliders change, and the stops of each slider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lambda_nb.rules.keepalive.idle import DEFAULT_KEEP_ALIVE
from lambda_nb.traces import times

INF = float("inf")
KEEP_ALIVE = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 3600.0, INF)
MEMORY = (0, 128, 256, 512, 1024, 1769, 3008, 5120, 10240)
"""MB; 0: as traced."""
ACCOUNT_LIMIT = 1000
_NICE = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80)


class Place(NamedTuple):
    """What the sliders say. ``keep_alive`` s; ``memory`` MB, 0: as traced; -1 or NaN: not ours."""

    keep_alive: float
    memory: int
    provisioned: int
    limit: int


class Sliders:
    """The stops of each slider, and where they begin.

    Parameters
    ----------
    peak
        The most requests that run at once without a limit.
    given
        Settings of :func:`lambda_nb.simulate`. Plain numbers are where sliders begin; what no
        slider can show (a policy, a mapping) stays as given, and its slider is left out.
    """

    def __init__(self, peak: int, given: Mapping[str, Any]) -> None:
        most = max(ACCOUNT_LIMIT, 2 * peak)
        begin = {
            "keep_alive": _seconds(given.get("keep_alive", DEFAULT_KEEP_ALIVE)),
            "memory": _whole(given.get("memory"), 0),
            "provisioned": _whole(given.get("provisioned"), 0),
            "account_limit": _whole(given.get("account_limit"), ACCOUNT_LIMIT),
        }
        self.fixed = [name for name, value in begin.items() if value is None]
        known = {name: -1 if value is None else value for name, value in begin.items()}
        self.begin = Place(
            float(known["keep_alive"]),
            int(known["memory"]),
            int(known["provisioned"]),
            int(known["account_limit"]),
        )
        self.stops: dict[str, list[float]] = {
            "keep_alive": _with(KEEP_ALIVE, self.begin.keep_alive),
            "memory": _with(MEMORY, self.begin.memory),
            "provisioned": _with([0, *nice(min(100, peak + 2))], self.begin.provisioned),
            "limit": _with(nice(most), self.begin.limit),
        }
        for name in self.fixed:
            axis = "limit" if name == "account_limit" else name
            self.stops[axis] = [float(getattr(self.begin, axis))]

    def arguments(self, place: Place) -> dict[str, Any]:
        """A place as arguments of :func:`lambda_nb.simulate`."""
        told: dict[str, Any] = {"keep_alive": place.keep_alive}
        if place.memory:
            told["memory"] = place.memory
        if place.provisioned:
            told["provisioned"] = place.provisioned
        told["account_limit"] = place.limit
        return {name: value for name, value in told.items() if name not in self.fixed}

    def around(self, place: Place) -> list[Place]:
        """Places that differ from this one in one slider; far ones first, then those between."""
        lines = [
            [place._replace(keep_alive=stop) for stop in coarse_first(self.stops["keep_alive"])],
            [place._replace(provisioned=int(n)) for n in coarse_first(self.stops["provisioned"])],
            [place._replace(limit=int(n)) for n in coarse_first(self.stops["limit"])],
            [place._replace(memory=int(mb)) for mb in coarse_first(self.stops["memory"])],
        ]
        longest = max(map(len, lines), default=0)
        mixed = [line[i] for i in range(longest) for line in lines if i < len(line)]
        return [other for other in mixed if other != place]


def coarse_first(stops: list[float]) -> list[float]:
    """The ends and the middle of some stops first, then what lies between."""
    order: list[float] = []
    step = 1
    while step < len(stops):
        step *= 2
    while step >= 1:
        order += [stop for stop in [*stops[::step], stops[-1]] if stop not in order]
        step //= 2
    return order


def nice(most: int) -> list[float]:
    """Whole numbers up to ``most`` that grow by about a quarter each."""
    found: list[float] = []
    size = 1
    while not found or found[-1] < most:
        for digit in _NICE:
            number = digit * size
            if (not found or number > found[-1]) and number <= most:
                found.append(float(number))
        size *= 10
        if size > most:
            break
    return found if found and found[-1] == most else [*found, float(most)]


def _with(stops: Any, value: float) -> list[float]:
    return sorted({*map(float, stops), float(value)})


def _seconds(value: Any) -> float | None:
    if isinstance(value, str):
        return times.seconds(value)
    return float(value) if isinstance(value, (int, float)) else None


def _whole(value: Any, default: int) -> int | None:
    if value is None:
        return default
    return value if isinstance(value, int) and not isinstance(value, bool) else None
