"""What a run of either engine leaves behind, in arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

from lambda_nb.simulator.workload import Codes, Floats, Ints


@dataclass(frozen=True, slots=True)
class Run:
    """One row a request, and one an environment. Times in seconds.

    Attributes
    ----------
    code
        What the scheduler answered: a code of ``rules.fleet`` (int8).
    environment
        Which environment served it, by its number (int32; -1: none).
    finish
        When that environment was free again (NaN: none).
    ended
        When each environment ended (inf: it lives on).
    provisioned
        How many of the first environments are provisioned ones.
    engine
        Which engine ran.
    loaded
        Environments that were loaded ahead of any request: by number, the function (index) and
        when.
    """

    code: Codes
    environment: Ints
    finish: Floats
    ended: Floats
    provisioned: int
    engine: str
    loaded: dict[int, tuple[int, float]] = field(default_factory=dict)
