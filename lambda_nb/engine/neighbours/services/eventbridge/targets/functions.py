"""Hands events to functions, after a look whether they exist."""

from __future__ import annotations

import time
from typing import Any

from lambda_nb.engine.neighbours.services.door import Door
from lambda_nb.engine.neighbours.services.eventbridge.targets.errors import (
    NO_RESOURCE,
    DeliveryError,
)
from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet

_BELIEVED_S = 1.0
_MOST_REMEMBERED = 1000


class Functions:
    """The functions of the engine.

    Parameters
    ----------
    outlet
        Takes events for functions; returns when they are safe.
    door
        Makes clients of the engine.
    """

    def __init__(self, outlet: Outlet, door: Door) -> None:
        self._outlet = outlet
        self._door = door
        self._clients: dict[str, Any] = {}
        self._seen: dict[str, float] = {}

    def send(self, source: str, arn: str, payload: str) -> None:
        """Queue an asynchronous invocation.

        Raises
        ------
        DeliveryError
            There is no such function.
        """
        if time.monotonic() - self._seen.get(arn, -_BELIEVED_S) >= _BELIEVED_S:
            self._look(arn)
        self._outlet.send(source, arn, payload)

    def empty(self) -> None:
        """Believe of no function any more that it is there."""
        self._seen.clear()

    def _look(self, arn: str) -> None:
        from botocore.exceptions import ClientError

        region = arn.split(":")[3]
        if region not in self._clients:
            self._clients[region] = self._door.client(service_name="lambda", region_name=region)
        try:
            self._clients[region].get_function_configuration(FunctionName=arn)
        except ClientError as error:
            told = error.response["Error"]
            if told["Code"] == "ResourceNotFoundException":
                self._seen.pop(arn, None)
                raise DeliveryError(NO_RESOURCE, told["Message"], retry=False) from error
            raise
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen.clear()
        self._seen[arn] = time.monotonic()
