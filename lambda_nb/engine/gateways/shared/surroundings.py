"""What every gateway of a Region works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.gateways.shared.own_addresses import OwnAddresses
from lambda_nb.engine.model import LogSink
from lambda_nb.engine.permissions.functions import Functions
from lambda_nb.rules import quotas


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every gateway of a Region works with.

    Attributes
    ----------
    account, region
        Where the gateways are.
    gate
        Checks signatures.
    functions
        The functions of the Region that an ARN names.
    upstream
        Makes HTTP requests: to any server, or signed to the engine's own services.
    addresses
        Gives the gateways addresses that clients on this machine can use.
    logs
        Where log lines go.
    websocket_idle_s, websocket_life_s
        Seconds that a WebSocket may say nothing, and live.
    """

    account: str
    region: str
    gate: Gate
    functions: Callable[[str], Functions]
    upstream: Upstream
    addresses: OwnAddresses
    logs: LogSink
    websocket_idle_s: float = quotas.WEBSOCKET_IDLE_S.value
    websocket_life_s: float = quotas.WEBSOCKET_LIFE_S.value
