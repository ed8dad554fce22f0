"""What pipes of a Region need of the engine, and the error of a stage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.aws_calls.json_calls import Calls
from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.permissions.functions import Functions

MOST_SECONDS = 300.0
"""Of an enrichment or a synchronous target (EventBridge Pipes quotas, "Pipe execution")."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What pipes of a Region need of the engine.

    Attributes
    ----------
    region : str
        The Region.
    connect : callable
        Returns a boto3 client for a service.
    calls : Calls
        Makes the calls to queues and streams.
    functions : callable
        The functions of the Region of an ARN.
    upstream : Upstream
        Makes HTTP requests.
    api_path : str
        Where the engine answers APIs of API Gateway, below its address.
    """

    region: str
    connect: Callable[[str], Awaitable[Any]]
    calls: Calls
    functions: Callable[[str], Functions]
    upstream: Upstream
    api_path: str = "/execute-api"


class StageError(Exception):
    """An enrichment or a target failed.

    ``internal`` failures (a throttle, nobody answers) do not count as a try.
    """

    def __init__(self, message: str, *, internal: bool = False, status: int = 400) -> None:
        super().__init__(message)
        self.internal = internal
        self.status = status
