"""AWS IoT in one Region. Its parts are loaded when they are first used: most engines have none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from lambda_nb.engine.api.faults import lambda_fault
from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.surroundings import Surroundings

if TYPE_CHECKING:
    from lambda_nb.engine.api.service_api import ServiceApi
    from lambda_nb.engine.iot.parts import Parts

log = logging.getLogger(__name__)

_PARTS = "lambda_nb.engine.iot.parts"


class Iot:
    """AWS IoT in one Region.

    Parameters
    ----------
    surroundings
        What it works with.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._opening = asyncio.Lock()
        self._parts: Parts | None = None
        self._waking: asyncio.Future[None] | None = None
        self._closed = False

    @property
    def is_open(self) -> bool:
        """Whether it was used, in this engine or before."""
        return self._parts is not None

    async def start(self) -> None:
        """Open it now if there is something to go on with, or a broker elsewhere to listen to."""
        if self._surroundings.directory.exists() or self._surroundings.broker_url is not None:
            await self.opened()
        self._surroundings.changes.watch(self._surroundings.region, self._wake)

    def _wake(self) -> None:
        """Open it: somebody has made something of the service, such as a rule's destination."""
        around = self._surroundings
        if self._parts is not None or self._waking is not None or self._closed:
            return
        if around.changes.used(around.region):  # else the services have only begun afresh
            self._waking = asyncio.ensure_future(self._woken())

    async def _woken(self) -> None:
        try:
            await self.opened()
        except Exception:
            log.exception("AWS IoT of %s cannot be opened", self._surroundings.region)

    async def opened(self) -> Parts:
        """Its parts, made and started with the first use."""
        async with self._opening:
            if self._closed:
                raise AWSError("ServiceUnavailableException", "The engine is shutting down.", 503)
            if self._parts is None:
                await asyncio.to_thread(import_module, _PARTS)
                from lambda_nb.engine.iot.parts import Parts

                self._surroundings.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                parts = Parts(self._surroundings)
                await parts.start()
                self._parts = parts
            return self._parts

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish a message of the service itself."""
        await (await self.opened()).broker.publish(Message(topic, payload))

    async def close(self) -> None:
        """End it."""
        self._closed = True
        if self._waking is not None:
            await asyncio.wait([self._waking])
        async with self._opening:
            parts, self._parts = self._parts, None
        if parts is not None:
            await parts.close()


class IotApi:
    """One of the APIs that devices' programs call: ``iot-data`` or ``iot-jobs-data``.

    Parameters
    ----------
    iot
        AWS IoT in its Region.
    choose
        Finds the API among the parts.
    """

    def __init__(self, iot: Iot, choose: Callable[[Parts], ServiceApi]) -> None:
        self._iot = iot
        self._choose = choose
        self._api: ServiceApi | None = None

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request.

        Raises
        ------
        AWSError
            The error for the caller.
        """
        self._api = self._choose(await self._iot.opened())
        await self._api.answer(request, request_id, send)

    def fault(self, error: AWSError, request_id: str) -> Reply:
        """An error of this API."""
        if self._api is None:  # its parts could not be opened
            return lambda_fault(error, request_id)
        return self._api.fault(error, request_id)
