"""What an executor leaves to the one that follows it in the same engine."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_nb.engine.execution.runtimes.zygotes import Zygotes
from lambda_nb.engine.execution.sandbox.isolation import Isolation


@dataclass(frozen=True, slots=True)
class Handover:
    """Interpreters that are ready, and what was found out about this machine.

    Neither knows anything of a function.
    """

    zygotes: Zygotes
    isolation: Isolation
