"""Laws by which simulated devices publish: what a sensor says, and when."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Simulated:
    """One simulated device, as its law sees it.

    Attributes
    ----------
    number
        0, 1, 2 ... in its fleet.
    name
        Its name.
    random
        Random numbers of its own: the same with each run of a seed.
    place
        Where it is, if its fleet has places.
    state
        What the law wants to remember.
    """

    number: int
    name: str
    random: random.Random
    place: str = ""
    state: dict[str, Any] = field(default_factory=dict)


Law = Callable[[Simulated, float], Any]
"""Makes a payload from a device and the seconds since the fleet began; ``None`` says nothing."""


def walk(
    start: float = 21.0, step: float = 0.3, low: float = 10.0, high: float = 40.0, key: str = "temp"
) -> Law:
    """A random walk between two limits.

    Examples
    --------
    >>> law = walk(start=20, step=1)
    >>> law(Simulated(0, "s", random.Random(1)), 0.0)
    {'temp': 20.0}
    """

    def law(device: Simulated, seconds: float) -> dict[str, float]:
        last = device.state.get(key)
        value = start if last is None else last + device.random.gauss(0, step)
        device.state[key] = value = min(high, max(low, value))
        return {key: round(float(value), 2)}

    return law


def daily(
    mean: float = 21.0,
    swing: float = 4.0,
    period_s: float = 86_400.0,
    noise: float = 0.2,
    key: str = "temp",
) -> Law:
    """A sine around a mean, as a day makes it, with noise."""

    def law(device: Simulated, seconds: float) -> dict[str, float]:
        wave = swing * math.sin(2 * math.pi * seconds / period_s)
        return {key: round(mean + wave + device.random.gauss(0, noise), 2)}

    return law


def spikes(
    base: Law | None = None, chance: float = 0.01, height: float = 15.0, key: str = "temp"
) -> Law:
    """Another law's values (default: :func:`walk`), now and then too high."""
    inner = base or walk(key=key)

    def law(device: Simulated, seconds: float) -> Any:
        payload = inner(device, seconds)
        if payload is not None and device.random.random() < chance:
            return {**payload, key: round(payload[key] + height, 2)}
        return payload

    return law


NAMED: dict[str, Callable[[], Law]] = {"walk": walk, "daily": daily, "spikes": spikes}
"""Laws that can be given by name."""
