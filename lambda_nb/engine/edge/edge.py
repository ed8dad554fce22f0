"""CloudFront. Its parts are loaded when they are first used: most engines have no distribution."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
from collections.abc import Hashable
from html import unescape
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lambda_nb.engine.api.faults import neighbour_fault
from lambda_nb.engine.api.neighbours.service_changes import ServiceChanges
from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.edge.surroundings import Surroundings
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.shared.addresses import DISTRIBUTION

if TYPE_CHECKING:
    from lambda_nb.engine.edge.parts import Parts

log = logging.getLogger(__name__)

_PARTS = "lambda_nb.engine.edge.parts"
_OF_DISTRIBUTION = re.compile(r"/\d{4}-\d\d-\d\d/distribution/([A-Z0-9]+)(/invalidation)?/?")
_INVALIDATION = re.compile(r"/\d{4}-\d\d-\d\d/distribution/[A-Z0-9]+/invalidation/?")
_PATH = re.compile(r"<Path>([^<]*)</Path>")


def concerns_configuration(call: WatchedCall) -> bool:
    """Whether a call may change more than what the cache has."""
    return not _INVALIDATION.fullmatch(call.path)


class Edge:
    """CloudFront: a door for viewers, and a watch of the calls that configure it.

    Parameters
    ----------
    around
        What it works with.
    changes, stores
        Say when CloudFront, or a key value store, may have changed.
    """

    def __init__(
        self, around: Surroundings, changes: ServiceChanges, stores: ServiceChanges
    ) -> None:
        self._around = around
        self._changes = changes
        self._stores = stores
        self._opening = asyncio.Lock()
        self._parts: Parts | None = None
        self._waking: asyncio.Future[None] | None = None
        self._closed = False

    def start(self) -> None:
        """Open it in the background if there may be distributions: their names must be known."""
        if self._changes.used_anywhere():
            self._wake()

    def is_alias(self, name: str) -> bool:
        """Whether a host name may be an alternate domain name of a distribution."""
        return self._parts is not None and self._parts.configuration.has_alias(name)

    async def names_read(self) -> None:
        """Wait for the names of distributions that were kept: right after a start they are not
        known yet."""
        if self._waking is not None and not self._waking.done():
            await asyncio.wait([self._waking])
        if self._parts is not None:
            await self._parts.configuration.renewed()

    def takes(self, request: HttpRequest) -> bool:
        """Whether a request is for a distribution."""
        at = self._around.addresses.of(request)
        return at is not None and at.kind == DISTRIBUTION

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""
        parts = self._parts or await self.opened()
        await parts.door.answer(request, request_id, send)

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """What a viewer gets for an error of the engine's own."""
        if self._parts is None:
            return neighbour_fault(error, "s3", request, request_id)
        return self._parts.door.fault(error, request, request_id)

    async def asked(self, call: WatchedCall) -> Reply | None:
        """A call of CloudFront's API: a refusal, or what only the engine can answer."""
        if not call.changes:
            return None
        parts = await self.opened()
        return await parts.checks.asked(call) or await parts.tests.asked(call)

    def answered(self, call: WatchedCall) -> None:
        """Take note of a change."""
        if not call.changes or self._parts is None:
            return
        parts = self._parts
        if concerns_configuration(call):
            parts.configuration.changed(call.body)
        found = _OF_DISTRIBUTION.fullmatch(call.path)
        if found is None:
            return
        if found[2] is not None and call.method == "POST":
            paths = [unescape(path) for path in _PATH.findall(call.body.decode("utf-8", "replace"))]
            parts.cache.invalidate(found[1], paths)
        elif call.method == "DELETE":
            parts.cache.forget(found[1])

    def changed(self) -> None:
        """A stack, or an empty beginning of the services, may have changed distributions."""
        if self._parts is not None:
            self._parts.configuration.changed()
        else:
            self.start()

    async def associated(self) -> set[str]:
        """The ARNs of the versions of functions that distributions use."""
        if not self._changes.used_anywhere():
            return set()
        return await (await self.opened()).associated()

    def deleted(self, name: str, version: str | None) -> None:
        """A function of us-east-1, or a version of it, is gone."""
        if self._parts is not None:
            self._parts.triggers.deleted(name, version)

    def status(self) -> dict[str, Any]:
        """What runs at each location, and what the cache has."""
        return {} if self._parts is None else self._parts.status()

    async def opened(self) -> Parts:
        """Its parts, made and started with the first use."""
        async with self._opening:
            if self._closed:
                raise AWSError("ServiceUnavailable", "The engine is shutting down.", 503)
            if self._parts is None:
                await asyncio.to_thread(import_module, _PARTS)
                from lambda_nb.engine.edge.parts import Parts

                parts = Parts(self._around, self._changes.everywhere, self._with_stores)
                await parts.start()
                self._parts = parts
            return self._parts

    async def close(self) -> None:
        """End it."""
        self._closed = True
        if self._waking is not None:
            await asyncio.wait([self._waking])
        async with self._opening:
            parts, self._parts = self._parts, None
        if parts is not None:
            await parts.close()

    async def empty(self) -> None:
        """Forget what is cached and what runs; the services forget the distributions."""
        if self._waking is not None:
            await asyncio.wait([self._waking])
        async with self._opening:
            self._waking = None
            parts, self._parts = self._parts, None
            if parts is not None:
                await parts.close()
            if self._around.directory.exists():  # even if only an earlier engine opened it
                await asyncio.to_thread(shutil.rmtree, self._around.directory, ignore_errors=True)

    def _wake(self) -> None:
        if self._parts is None and self._waking is None and not self._closed:
            self._waking = asyncio.ensure_future(self._woken())

    async def _woken(self) -> None:
        try:
            (await self.opened()).configuration.changed()
        except Exception:
            log.exception("CloudFront cannot be opened")

    def _with_stores(self) -> Hashable:
        return self._changes.everywhere(), self._stores.everywhere()
