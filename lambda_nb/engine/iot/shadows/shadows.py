"""The Device Shadow service of one Region: requests by MQTT and by method call.

An update is in the database before anybody hears of it, the sender of a message of QoS 1 included.
Shadows need no thing in the registry, as on AWS.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lambda_nb.engine.iot.message import Message, Topics
from lambda_nb.engine.iot.shadows import topics as shadow_topics
from lambda_nb.engine.iot.shadows.store import ShadowStore
from lambda_nb.rules.iot import shadow_documents as documents
from lambda_nb.rules.iot import shadow_requests as requests
from lambda_nb.rules.iot.shadow_documents import Shadow
from lambda_nb.rules.iot.shadow_requests import ShadowError

log = logging.getLogger(__name__)

_FAILED = "Internal service failure"

Document = dict[str, Any]


class Shadows:
    """The shadows of a Region.

    Parameters
    ----------
    topics
        The Region's broker.
    path
        The database; made if it is not there.
    clock
        Seconds since 1970.
    """

    def __init__(self, topics: Topics, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._topics = topics
        self._clock = clock
        self._store = ShadowStore(path)
        self._untold: dict[tuple[str, str | None], deque[tuple[str, Document]]] = {}
        self._untap: Callable[[], None] | None = None

    async def start(self) -> None:
        """Take requests that come on the reserved topics."""
        self._store.forget_old_versions(self._clock())
        self._untap = self._topics.tap(shadow_topics.FILTER, self._receive)

    async def close(self) -> None:
        """Take no more requests, and release the database."""
        if self._untap is not None:
            self._untap()
        self._store.close()

    def get(self, thing: str, name: str | None = None) -> Document:
        """A shadow's document with its delta, as GetThingShadow answers.

        Raises
        ------
        ShadowError
            404 if there is no such shadow, 400 for a name that no thing or shadow can have.
        """
        return self._get(thing, name, None)

    async def update(self, thing: str, payload: bytes, name: str | None = None) -> Document:
        """Update a shadow, and tell subscribers; what UpdateThingShadow answers.

        Raises
        ------
        ShadowError
            The request is not valid, names another version, or the shadow would be too large.
        """
        return await self._update(thing, name, payload)

    async def delete(self, thing: str, name: str | None = None) -> Document:
        """Delete a shadow, and tell subscribers; what DeleteThingShadow answers.

        Raises
        ------
        ShadowError
            404 if there is no such shadow.
        """
        return await self._delete(thing, name, None)

    def names(self, thing: str) -> list[str]:
        """The names of a thing's named shadows, sorted. Empty for a thing that is not there.

        Raises
        ------
        ShadowError
            400 for a name that no thing can have.
        """
        _check(thing, None)
        return self._store.names(thing)

    async def _receive(self, message: Message) -> None:
        asked = shadow_topics.read(message.topic)
        if asked is None:
            return
        thing, name, operation = asked
        try:
            match operation:
                case "get":
                    token = requests.read_token(message.payload)
                    await self._say(thing, name, "get/accepted", self._get(thing, name, token))
                case "update":
                    await self._update(thing, name, message.payload)
                case _:
                    token = requests.read_token(message.payload)
                    await self._delete(thing, name, token)
        except ShadowError as error:
            await self._reject(thing, name, operation, error)
        except Exception:
            log.exception("%s", message.topic)
            await self._reject(thing, name, operation, ShadowError(500, _FAILED))

    def _get(self, thing: str, name: str | None, token: str | None) -> Document:
        _check(thing, name)
        shadow = self._store.get(thing, name)
        if shadow is None:
            raise requests.not_found(thing, name, token)
        return documents.whole_document(shadow, int(self._clock()), token)

    async def _update(self, thing: str, name: str | None, payload: bytes) -> Document:
        _check(thing, name)
        request = requests.read_request(payload)
        now = self._clock()
        before = self._store.get(thing, name)
        base = before or Shadow(version=self._store.remembered_version(thing, name, now))
        after = documents.update(base, request, int(now))
        self._store.put(thing, name, after)
        answer = documents.accepted(request, after.version, int(now))
        told = [("update/accepted", answer)]
        delta = documents.delta_message(after, int(now), request.client_token)
        if delta is not None:
            told.append(("update/delta", delta))
        both = documents.documents_message(before, after, int(now), request.client_token)
        told.append(("update/documents", both))
        await self._tell(thing, name, told)
        return answer

    async def _delete(self, thing: str, name: str | None, token: str | None) -> Document:
        _check(thing, name)
        shadow = self._store.get(thing, name)
        if shadow is None:
            raise requests.not_found(thing, name, token)
        now = self._clock()
        self._store.delete(thing, name, shadow.version, now)
        answer = documents.deleted(shadow.version, int(now), token)
        await self._tell(thing, name, [("delete/accepted", answer)])
        return answer

    async def _reject(
        self, thing: str, name: str | None, operation: str, error: ShadowError
    ) -> None:
        said = documents.rejected(error, int(self._clock()))
        await self._say(thing, name, f"{operation}/rejected", said)

    async def _tell(self, thing: str, name: str | None, told: list[tuple[str, Document]]) -> None:
        """Tell of a change, after what is still to be told of the ones before.

        Who changes a shadow while he is told of it does not wait: the first teller goes on.
        """
        untold = self._untold.get((thing, name))
        if untold is not None:
            untold.extend(told)
            return
        untold = self._untold[thing, name] = deque(told)
        try:
            while untold:
                await self._say(thing, name, *untold.popleft())
        finally:
            del self._untold[thing, name]

    async def _say(self, thing: str, name: str | None, what: str, said: Document) -> None:
        payload = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
        topic = shadow_topics.answer(thing, name, what)
        message = Message(topic, payload.encode("utf-8", "replace"), qos=1)
        try:
            await self._topics.publish(message)
        except Exception:  # the shadow is as it is, whoever did not hear of it
            log.exception("nobody is told on %s", topic)


def _check(thing: str, name: str | None) -> None:
    if not shadow_topics.is_thing_name(thing):
        raise ShadowError(400, f"Invalid thing name: '{thing}'")
    if name is not None and not shadow_topics.is_shadow_name(name):
        raise ShadowError(400, f"Invalid shadow name: '{name}'")
