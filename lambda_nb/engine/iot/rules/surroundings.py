"""What the rules engine of one Region needs of the rest of the engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.iot.message import Topics
from lambda_nb.engine.iot.rules.http_batches import HttpBatches
from lambda_nb.engine.model import LogSink
from lambda_nb.engine.permissions.functions import Functions

Dimensions = tuple[tuple[str, str], ...]
ReadShadow = Callable[[str, "str | None"], Awaitable["bytes | None"]]
"""The document of a thing's shadow: thing, name of the shadow (``None`` for the classic one)."""


class Figures(Protocol):
    """Receives CloudWatch metrics of AWS's services. Never blocks, never raises."""

    def service_figure(
        self, namespace: str, name: str, dimensions: Dimensions, unit: str, value: float
    ) -> None:
        """Record one value of a metric."""


class Changes(Protocol):
    """Knows when what a service keeps may have changed."""

    def revision(self, region: str) -> tuple[int, int]:
        """Differs from what it was before if something may have changed in a Region."""

    def watch(self, region: str, changed: Callable[[], None]) -> None:
        """Call a function at every change in a Region."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules and their actions reach.

    Attributes
    ----------
    account, region : str
        Whose rules they are.
    journal : Path
        The SQLite file of what is accepted and not yet done.
    functions : callable
        The functions of the Region that an ARN names.
    services : Services
        Calls services, signed, on the event loop.
    upstream : Upstream
        Makes requests to any server.
    keys : Keys
        Those of the engine's user: HTTP actions with Signature V4 are signed with them.
    changes : Changes
        Of the service ``iot``.
    topics : Topics
        The Region's broker.
    shadow : callable
        Reads shadows, for ``get_thing_shadow``.
    logs : LogSink
        Takes the entries of AWS IoT's log.
    figures : Figures
        Takes metrics.
    batches : HttpBatches
        Of HTTP actions.
    """

    account: str
    region: str
    journal: Path
    functions: Callable[[str], Functions]
    services: Services
    upstream: Upstream
    keys: Keys
    changes: Changes
    topics: Topics
    shadow: ReadShadow
    logs: LogSink
    figures: Figures
    batches: HttpBatches = field(default_factory=HttpBatches)
