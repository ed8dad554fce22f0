"""The output of a run of either engine, in arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lambda_nb.simulator.assumptions.scenario import Ahead, Allocation
from lambda_nb.simulator.assumptions.workload import Codes, Floats, Ints


@dataclass(frozen=True, slots=True)
class Run:
    """One row per request, and one per environment. Times in seconds.

    Attributes
    ----------
    code
        What the scheduler answered: a code of ``rules.fleet`` (int8).
    environment
        Which environment served it, by its number (int16 or int32; -1: none).
    finish
        When that environment was free again (NaN: none); ``None`` when that follows from the
        decisions (:func:`workload.finishes`).
    ended
        When each environment ended (inf: it lives on).
    engine
        Which engine ran.
    ahead
        Environments that no request started, by number.
    allocations
        How provisioned concurrency changed, in order of time.
    """

    code: Codes
    environment: Ints
    finish: Floats | None
    ended: Floats
    engine: str
    ahead: Mapping[int, Ahead] = field(default_factory=dict)
    allocations: Sequence[Allocation] = ()
