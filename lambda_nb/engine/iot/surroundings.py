"""What AWS IoT of one Region needs of the rest of the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.neighbours.service_changes import ServiceChanges
from lambda_nb.engine.aws_calls.clients import Clients
from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.iot.admission.changes import Changes
from lambda_nb.engine.model import LogSink
from lambda_nb.engine.permissions.functions import Functions

if TYPE_CHECKING:
    from lambda_nb.engine.iot.rules.surroundings import Figures


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What AWS IoT of one Region works with.

    Attributes
    ----------
    account, region
        Where.
    gate
        Checks signatures.
    functions
        The functions of the Region that an ARN names.
    clients
        Calls other services in the Region.
    services, upstream
        Make calls on the event loop: signed to services, and to any server.
    keys
        Those of the engine's user.
    changes, rule_changes
        Say when what the service ``iot`` keeps may have changed, and when its topic rules may.
    permissions
        Say whose permissions may have changed.
    logs, figures
        Take log lines and figures.
    directory
        Where everything durable of it lies.
    broker_url
        An MQTT broker elsewhere to use instead of the engine's own.
    """

    account: str
    region: str
    gate: Gate
    functions: Callable[[str], Functions]
    clients: Clients
    services: Services
    upstream: Upstream
    keys: Keys
    changes: ServiceChanges
    rule_changes: ServiceChanges
    permissions: Changes
    logs: LogSink
    figures: Figures
    directory: Path
    broker_url: str | None = None
