"""Clients that tasks call services with."""

from __future__ import annotations

import threading
from typing import Any

from lambda_nb.engine.neighbours.services.door import Door

SYNC_POLL_S = 0.05
"""Seconds between two looks at what a ``.sync`` task waits for."""
CONNECTIONS = 200
"""Connections of a client that all executions share."""


def install(door: Door) -> None:
    """Let moto's interpreter call the engine.

    Parameters
    ----------
    door
        Makes the clients that call services.
    """
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service_callback as callback,
    )
    from moto.stepfunctions.parser.asl.utils import boto_client

    module: Any = boto_client
    module.boto3 = Clients(door)
    waiting: Any = callback
    waiting._DELAY_SECONDS_SYNC_CONDITION_CHECK = SYNC_POLL_S


class Clients:
    """Replaces boto3 in moto's interpreter: one client for each service and Region.

    Making a client takes longer than most calls.

    Parameters
    ----------
    door
        Makes the clients.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], Any] = {}

    def client(self, *, service_name: str, region_name: str, config: Any, **_: Any) -> Any:
        """The client of a service, as ``boto3.client`` makes it."""
        from botocore.config import Config

        key = (service_name, region_name)
        with self._lock:
            if key not in self._made:
                # The engine has one address: no prefix may come before it.
                ours = Config(max_pool_connections=CONNECTIONS, inject_host_prefix=False)
                self._made[key] = self._door.client(
                    service_name=service_name, region_name=region_name, config=config.merge(ours)
                )
            return self._made[key]
