"""Fleet provisioning by MQTT in one Region."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.message import Message, Topics
from lambda_nb.engine.iot.provisioning import cbor
from lambda_nb.engine.iot.provisioning.operations import Operations, ProvisioningError, Registry
from lambda_nb.engine.iot.provisioning.tokens import Tokens
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.engine.permissions.functions import Functions

log = logging.getLogger(__name__)

FILTERS = (
    "$aws/certificates/create/+",
    "$aws/certificates/create-from-csr/+",
    "$aws/provisioning-templates/+/provision/+",
)
"""The topics of requests; the last level is the format of the payloads."""

Answer = Callable[[str, Message], Awaitable[bool]]
"""Gives a message to a client by its id, subscribed or not; false if it is not connected."""


def _nobody() -> None:
    """Nobody wants to know."""


class Provisioning:
    """Answers devices that provision themselves.

    Parameters
    ----------
    topics
        The Region's broker.
    path
        The database of tokens; made if it is not there.
    registry
        The Region's ``iot``.
    functions
        The functions of the Region that an ARN names.
    answer
        Gives answers to who asked; without it, they are published.
    provisioned
        Called when a thing was made.
    clock
        Seconds since 1970.
    """

    def __init__(
        self,
        topics: Topics,
        path: Path,
        registry: Registry,
        functions: Callable[[str], Functions],
        answer: Answer | None = None,
        provisioned: Callable[[], None] = _nobody,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._topics = topics
        self._answer = answer
        self._clock = clock
        self._tokens = Tokens(path)
        self.operations = Operations(registry, functions, self._tokens, clock, provisioned)
        self._untap: list[Callable[[], None]] = []
        self._wake = asyncio.Event()
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take requests."""
        self._untap = [self._topics.tap(one, self._receive) for one in FILTERS]
        self._sweeping = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """Take no more requests."""
        for untap in self._untap:
            untap()
        if self._sweeping is not None:
            await cancelled([self._sweeping])
        self._tokens.close()

    async def _receive(self, message: Message) -> None:
        form = message.topic.rpartition("/")[2]
        if form not in ("json", "cbor"):
            log.warning("%s: the format is json or cbor", message.topic)
            return
        try:
            said = await self._do(message, form)
            outcome = "accepted"
        except ProvisioningError as error:
            said, outcome = _said(error), "rejected"
        except AWSError as error:
            said = _said(ProvisioningError(error.status, error.code, error.message))
            outcome = "rejected"
        except Exception:
            log.exception("%s", message.topic)
            said = _said(ProvisioningError(500, "InternalError", "Internal failure"))
            outcome = "rejected"
        self._wake.set()
        payload = cbor.encode(said) if form == "cbor" else json.dumps(said).encode()
        answer = Message(f"{message.topic}/{outcome}", payload, qos=1)
        if self._answer is None or message.sender is None:
            await self._topics.publish(answer)
        else:
            await self._answer(message.sender.client_id, answer)

    async def _do(self, message: Message, form: str) -> dict[str, Any]:
        given = _read(message.payload, form)
        match message.topic.split("/")[1:]:
            case ["certificates", "create", _]:
                return await self.operations.create_keys_and_certificate()
            case ["certificates", _, _]:
                return await self.operations.create_certificate_from_csr(given)
            case [_, template, _, _]:
                return await self.operations.register_thing(template, given, message.sender)
        raise ProvisioningError(400, "InvalidTopic", f"Nothing is asked for by {message.topic}.")

    async def _sweep(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.operations.sweep()
            except Exception:
                log.exception("unused certificates could not be deleted")
            due = self._tokens.next_expiry_s()
            wait_s = None if due is None else max(0.0, due - self._clock())
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)


def _read(payload: bytes, form: str) -> dict[str, Any]:
    if not payload:
        return {}
    try:
        given = cbor.decode(payload) if form == "cbor" else json.loads(payload)
    except (ValueError, RecursionError):
        raise ProvisioningError(
            400, "InvalidPayload", f"The payload is not valid {form}."
        ) from None
    if not isinstance(given, dict):
        raise ProvisioningError(400, "InvalidPayload", "The payload is not an object.")
    return given


def _said(error: ProvisioningError) -> dict[str, Any]:
    return {
        "statusCode": error.status,
        "errorCode": error.code,
        "errorMessage": error.message,
    }
