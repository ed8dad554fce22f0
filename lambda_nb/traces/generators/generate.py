"""Generate traffic from a rule: Poisson, daily and weekly rhythms, bursts.

Every generator draws its arrivals in one vectorised step. The same seed gives the same trace.
Rates are invocations per second; ``hours`` is the length of the trace.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from lambda_nb.traces import schema, times
from lambda_nb.traces.generators.laws import Law, draw
from lambda_nb.traces.schema import Floats, TraceError
from lambda_nb.traces.trace import Trace

HOUR = 3600.0
DAY = 86400.0
WEEK = 7 * DAY
Clock = datetime | str | None


def poisson(
    rate: float = 1.0,
    *,
    duration: Law = 0.1,
    hours: float = 1.0,
    function: str = "function",
    memory: int = 128,
    seed: int = 0,
    start: Clock = None,
) -> Trace:
    """Independent requests at a steady rate, as many independent users make them.

    Parameters
    ----------
    rate : float
        Invocations per second.
    duration : Law
        Seconds: a number, measured durations to draw from, or a law of
        :mod:`lambda_nb.traces.generators.laws`.
    hours : float
        Length of the trace.
    function, memory : str, int
        Name and memory (MB) of the function.
    seed : int
        The same seed gives the same trace.
    start : datetime or str, optional
        When the trace begins, with a time zone.

    Raises
    ------
    TraceError
        The rate is negative, or the length is not above 0.
    """
    rng = np.random.default_rng(seed)
    length = length_s(hours)
    arrival = _steady(rng, checked_rate("rate", rate), length)
    return _made(rng, arrival, duration, function, memory, start)


def periodic(
    every: float,
    *,
    jitter: float = 0.0,
    duration: Law = 0.1,
    hours: float = 1.0,
    function: str = "timer",
    memory: int = 128,
    seed: int = 0,
    start: Clock = None,
) -> Trace:
    """A schedule: one invocation every ``every`` seconds, each up to ``jitter`` seconds late."""
    if not (math.isfinite(every) and every > 0):
        raise TraceError(f"every={every!r} s must be a finite number above 0")
    rng = np.random.default_rng(seed)
    arrival: Floats = np.arange(math.ceil(length_s(hours) / every), dtype=np.float64) * every
    arrival = np.sort(arrival + rng.uniform(0.0, 1.0, len(arrival)) * jitter)
    return _made(rng, arrival, duration, function, memory, start)


def mmpp(
    rates: Sequence[float] = (0.5, 20.0),
    stays: Sequence[float] = (300.0, 30.0),
    *,
    duration: Law = 0.1,
    hours: float = 1.0,
    function: str = "function",
    memory: int = 128,
    seed: int = 0,
    start: Clock = None,
) -> Trace:
    """A Markov-modulated Poisson process: random phases, each with its own rate.

    The length of a phase is exponential, with its mean in ``stays`` (s). Each other phase is
    equally likely to follow. The first phase is drawn in proportion to ``stays``, so the process
    is stationary.

    Parameters
    ----------
    rates : sequence of float
        Invocations per second in each phase.
    stays : sequence of float
        Mean length of each phase (s).
    """
    if len(rates) != len(stays) or len(rates) < 2:
        raise TraceError(f"give two or more rates and as many stays, not {rates} and {stays}")
    levels = np.array([checked_rate("rates", r) for r in rates])
    means = np.array([float(s) for s in stays])
    if not bool(np.all(np.isfinite(means) & (means > 0))):
        raise TraceError(f"stays={list(stays)} s must all be finite and above 0")
    rng = np.random.default_rng(seed)
    length = length_s(hours)
    phase = int(rng.choice(len(levels), p=means / means.sum()))
    pieces: list[Floats] = []
    now = 0.0
    while now < length:
        stay = min(float(rng.exponential(means[phase])), length - now)
        pieces.append(now + _steady(rng, levels[phase], stay))
        now += stay
        phase = (phase + int(rng.integers(1, len(levels)))) % len(levels)
    return _made(rng, np.concatenate(pieces), duration, function, memory, start)


def daily(
    rate: float = 1.0,
    *,
    swing: float = 0.8,
    peak_hour: float = 14.0,
    duration: Law = 0.1,
    hours: float = 24.0,
    function: str = "function",
    memory: int = 128,
    seed: int = 0,
    start: Clock = None,
) -> Trace:
    """Traffic with a daily rhythm: a sine wave around ``rate``, highest at ``peak_hour``.

    Parameters
    ----------
    rate : float
        Mean invocations per second over a whole day.
    swing : float, 0 to 1
        The rate is ``(1 + swing)`` times the mean at the peak and ``(1 - swing)`` at night.
    peak_hour : float
        Hours after midnight; the trace begins at midnight, or at ``start``'s time of day.
    """
    wave = _day_wave(swing, peak_hour)
    return _rhythm(rate, wave, 1 + swing, duration, hours, function, memory, seed, start)


def weekly(
    rate: float = 1.0,
    *,
    swing: float = 0.8,
    peak_hour: float = 14.0,
    weekend: float = 0.4,
    duration: Law = 0.1,
    hours: float = 7 * 24.0,
    function: str = "function",
    memory: int = 128,
    seed: int = 0,
    start: Clock = None,
) -> Trace:
    """The rhythm of :func:`daily` on working days, times ``weekend`` on Saturday and Sunday.

    ``rate`` is the mean on a working day. The trace begins on Monday at midnight, or at ``start``.
    """
    if not (math.isfinite(weekend) and weekend >= 0):
        raise TraceError(f"weekend={weekend!r} must be a finite factor, 0 or more")
    wave = _day_wave(swing, peak_hour)

    def week(t: Floats) -> Floats:
        return wave(t) * np.where(np.mod(t, WEEK) >= 5 * DAY, weekend, 1.0)

    top = (1 + swing) * max(1.0, weekend)
    return _rhythm(rate, week, top, duration, hours, function, memory, seed, start)


def bursts(
    size: float = 100.0,
    every: float = 600.0,
    *,
    width: float = 1.0,
    rate: float = 0.0,
    duration: Law = 0.1,
    hours: float = 1.0,
    function: str = "function",
    memory: int = 128,
    seed: int = 0,
    start: Clock = None,
) -> Trace:
    """Bursts at random times on top of steady traffic, to test concurrency limits.

    Parameters
    ----------
    size : float
        Mean invocations in a burst (Poisson).
    every : float
        Mean seconds between bursts (exponential).
    width : float
        Length of a burst in seconds; its requests are uniform over it.
    rate : float
        Invocations per second of the steady traffic under the bursts.
    """
    if not (math.isfinite(every) and every > 0 and math.isfinite(width) and width >= 0):
        raise TraceError(f"every={every!r} s must be above 0 and width={width!r} s 0 or more")
    rng = np.random.default_rng(seed)
    length = length_s(hours)
    heads = _steady(rng, 1.0 / every, length)
    sizes = rng.poisson(checked_rate("size", size), len(heads))
    crowd = np.repeat(heads, sizes) + rng.uniform(0.0, 1.0, int(sizes.sum())) * width
    arrival = np.concatenate(
        [crowd[crowd < length], _steady(rng, checked_rate("rate", rate), length)]
    )
    return _made(rng, np.sort(arrival), duration, function, memory, start)


def _day_wave(swing: float, peak_hour: float) -> Callable[[Floats], Floats]:
    if not 0.0 <= swing <= 1.0:
        raise TraceError(f"swing={swing!r} must lie between 0 and 1")
    return lambda t: 1.0 + swing * np.cos(2 * np.pi * (t / HOUR - peak_hour) / 24.0)


def _rhythm(
    rate: float,
    wave: Callable[[Floats], Floats],
    top: float,
    duration: Law,
    hours: float,
    function: str,
    memory: int,
    seed: int,
    start: Clock,
) -> Trace:
    """Draw arrivals at the highest rate and thin them by the wave; exact for any wave."""
    rng = np.random.default_rng(seed)
    arrival = _steady(rng, checked_rate("rate", rate) * top, length_s(hours))
    kept = rng.random(len(arrival)) * top < wave(arrival + time_of_week(start))
    return _made(rng, arrival[kept], duration, function, memory, start)


def time_of_week(start: Clock) -> float:
    """Seconds from Monday midnight to the start, in the start's own time zone."""
    if start is None:
        return 0.0
    when = times.from_iso(start) if isinstance(start, str) else start
    of_day = when.hour * HOUR + when.minute * 60.0 + when.second
    return when.weekday() * DAY + of_day


def _steady(rng: np.random.Generator, rate: float, length: float) -> Floats:
    """Arrivals of a Poisson process: a Poisson number of uniform times."""
    return np.sort(rng.uniform(0.0, length, int(rng.poisson(rate * length))))


def length_s(hours: float) -> float:
    """Convert hours to seconds; hours must be above 0."""
    if not (math.isfinite(hours) and hours > 0):
        raise TraceError(f"hours={hours!r} must be a finite number above 0")
    return float(hours) * HOUR


def checked_rate(name: str, value: float) -> float:
    """Return the value as a float; it must be finite and 0 or more."""
    if not (math.isfinite(value) and value >= 0):
        raise TraceError(f"{name}={value!r} must be a finite number, 0 or more")
    return float(value)


def _made(
    rng: np.random.Generator,
    arrival: Floats,
    duration: Law,
    function: str,
    memory: int,
    start: Clock,
) -> Trace:
    table: dict[str, Any] = {
        "arrival": arrival,
        "function": schema.one_word(function, len(arrival)),
        "duration": draw(duration, rng, len(arrival)),
        "memory": np.full(len(arrival), memory, dtype=np.int32),
    }
    return Trace(pa.table(table), start=start)
