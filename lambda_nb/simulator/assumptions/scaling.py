"""Duration versus memory: waiting takes the same time, computing speeds up with the CPU share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lambda_nb.rules import quotas
from lambda_nb.simulator.assumptions.constant_columns import constant, is_constant

Floats = npt.NDArray[np.float64]

VCPU_MB = float(quotas.VCPU_MB.value)
"""MB of memory that give a function one vCPU; its CPU share is in proportion to memory."""


@dataclass(frozen=True, slots=True)
class DurationLaw:
    """How long a handler takes with so much memory.

    ``waiting + cpu / min(memory / 1769, threads)``

    Parameters
    ----------
    waiting
        Seconds that do not depend on the CPU: other services, sleeps.
    cpu
        Seconds of work on one whole vCPU.
    threads
        vCPUs that the handler can keep busy at once; most handlers use one.

    Raises
    ------
    ValueError
        When a part is negative, or ``threads`` is not above 0.
    """

    waiting: float
    cpu: float
    threads: float = 1.0

    def __post_init__(self) -> None:
        if not (self.waiting >= 0 and self.cpu >= 0 and self.threads > 0):
            raise ValueError(
                f"{self!r}: waiting and cpu are seconds (0 or more), threads more than 0"
            )

    def __call__(self, memory: Any) -> Any:
        """Seconds with ``memory`` MB; a number or an array of the same shape."""
        return self.waiting + self.cpu / np.minimum(np.asarray(memory) / VCPU_MB, self.threads)


def cpu_bound(share: float, memory: float, threads: float = 1.0) -> DurationLaw:
    """The law of a handler that computes for ``share`` of its duration at ``memory`` MB.

    Its durations are relative: 1 at that memory.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the CPU-bound share is {share!r}; give a number from 0 to 1")
    return DurationLaw(1.0 - share, share * min(memory / VCPU_MB, threads), threads)


def fit_duration(
    memories: Sequence[float], durations: Sequence[float], *, threads: float = 1.0
) -> DurationLaw:
    """The law that comes nearest to measured durations: least squares of relative errors.

    Parameters
    ----------
    memories, durations
        MB and seconds, one of each per measurement. At least two different memories must be below
        ``threads`` vCPUs, to tell waiting and computing apart.
    threads
        See :class:`DurationLaw`.

    Raises
    ------
    ValueError
        When these conditions do not hold.
    """
    sizes = np.asarray(memories, dtype=np.float64)
    seconds = np.asarray(durations, dtype=np.float64)
    slow = 1.0 / np.minimum(sizes / VCPU_MB, threads)
    if sizes.shape != seconds.shape or len(np.unique(slow)) < 2:
        raise ValueError(
            f"{len(sizes)} memories and {len(seconds)} durations: give as many of each, of at "
            f"least two memories below {VCPU_MB * threads:.0f} MB"
        )
    if not (np.isfinite(seconds).all() and (seconds > 0).all()):
        raise ValueError("durations must be more than 0 seconds, and none unknown")
    parts = np.column_stack([np.ones(len(sizes)), slow]) / seconds[:, None]
    waiting, cpu = np.linalg.lstsq(parts, np.ones(len(sizes)), rcond=None)[0]
    if waiting < 0 or cpu < 0:
        # The nearest law without negative seconds has one of the parts only.
        alone = parts.sum(axis=0) / (parts**2).sum(axis=0)
        errors = ((parts * alone - 1.0) ** 2).sum(axis=0)
        waiting, cpu = alone * (errors == errors.min())
    return DurationLaw(float(waiting), float(cpu), threads)


Scaling = float | DurationLaw | Mapping[str, float | DurationLaw]


def factors(
    scaling: Scaling, functions: Sequence[str], codes: Any, before: Any, after: Any
) -> Floats:
    """The factor on each request's duration when its memory changes.

    Parameters
    ----------
    scaling
        The CPU-bound share of the duration as recorded (0 to 1), or a law; for all functions or by
        name (functions not named stay as they are).
    functions, codes
        Names, and the index of each request's function.
    before, after
        MB of each request: recorded, and now.

    Raises
    ------
    ValueError
        When a name or a value makes no sense.
    """
    before, after, codes = np.asarray(before), np.asarray(after), np.asarray(codes)
    if not isinstance(scaling, Mapping):
        if is_constant(before) and is_constant(after) and len(codes):
            factor = _factors(scaling, before[:1], after[:1], "scaling")
            return np.asarray(constant(factor[0], len(codes)))
        return _factors(scaling, before, after, "scaling")
    changed = np.ones(len(codes))
    for name, law in scaling.items():
        if name not in functions:
            raise ValueError(f"scaling names {name!r}, which is not in the trace")
        rows = np.flatnonzero(codes == list(functions).index(name))
        changed[rows] = _factors(law, before[rows], after[rows], f"scaling of {name!r}")
    return changed


def _factors(law: float | DurationLaw, before: Any, after: Any, what: str) -> Floats:
    """Factors on durations from one memory to another (arrays of MB)."""
    if isinstance(law, DurationLaw):
        was = law(before)
        changed: Floats = np.where(was > 0, law(after) / np.where(was > 0, was, 1.0), 1.0)
        return changed
    try:
        changed = np.ones(len(before))
        for size in np.unique(before):
            rows = np.flatnonzero(before == size)
            changed[rows] = cpu_bound(float(law), float(size))(after[rows])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{what} is {law!r}; give the CPU-bound share of the duration (0 to 1), or "
            "a DurationLaw"
        ) from error
    return changed
