"""The door of all distributions: finds the one that a request is for, and tells its logs."""

from __future__ import annotations

import asyncio
import logging
import random
import time

from lambda_nb.engine.api.wire.http import ClientGone, HttpRequest, Reply, Send
from lambda_nb.engine.edge.configuration.configuration import Configuration
from lambda_nb.engine.edge.configuration.deployments import choose
from lambda_nb.engine.edge.delivery import replies, request_ids
from lambda_nb.engine.edge.delivery.delivery import Delivery
from lambda_nb.engine.edge.delivery.fast_hits import FastHits
from lambda_nb.engine.edge.delivery.trip import Trip
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.locations.locations import Locations
from lambda_nb.engine.edge.logs.access_logs import AccessLogs
from lambda_nb.engine.edge.model import OriginError, Request, Response, Viewer, Visit
from lambda_nb.engine.edge.settings import Distribution
from lambda_nb.engine.edge.viewer import error_pages
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.shared.addresses import Addresses
from lambda_nb.rules.edge.locations import UnknownLocationError
from lambda_nb.rules.edge.viewer import http_dates

log = logging.getLogger(__name__)

BODY_LIMIT = 64 << 20
"""Bytes of a request's body; ours, for it is held in memory (CloudFront takes 50 GB)."""

_NOBODY = "No distribution answers at this name. Look it up with aws cloudfront list-distributions."
_DISABLED = "The distribution is disabled. Enable it with aws cloudfront update-distribution."


class DistributionDoor:
    """The door of all distributions.

    Parameters
    ----------
    addresses
        Finds what requests are for.
    configuration
        The distributions.
    locations
        Where requests come in.
    delivery
        Answers them.
    logs
        Told of every request.
    fast
        Takes up hits that can be answered again.
    """

    def __init__(
        self,
        addresses: Addresses,
        configuration: Configuration,
        locations: Locations,
        delivery: Delivery,
        logs: AccessLogs,
        fast: FastHits,
    ) -> None:
        self._addresses = addresses
        self._configuration = configuration
        self._locations = locations
        self._delivery = delivery
        self._logs = logs
        self._connections = _Connections()
        self._fast = fast

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""
        begun = time.time()
        at = self._addresses.of(request)
        assert at is not None
        distribution = await self._configuration.of_host(at.identifier)
        if distribution is None or not distribution.enabled:
            told = _NOBODY if distribution is None else _DISABLED
            page = error_pages.page(403, request_ids.request_id(), [error_pages.BAD_REQUEST, told])
            await replies.send(page, request.method, send, request.receive)
            return
        if not at.path.startswith("/"):  # the asterisk of OPTIONS would change the origin's address
            page = error_pages.page(400, request_ids.request_id(), [error_pages.BAD_REQUEST])
            await replies.send(page, request.method, send, request.receive)
            return
        trip = await self._trip(distribution, request, at.path, begun)
        cookie = ""
        if distribution.deployment is not None:
            chosen = choose(distribution.deployment, trip.asked.headers, begun, random.random())
            cookie = chosen.set_cookie
            if chosen.staging:
                trip = await self._staged(trip, distribution.deployment.staging_id)
        delay = trip.arrival.delay_s(trip.viewer.protocol, self._connections.is_new(request))
        if delay:
            await asyncio.sleep(delay)
            # Logs and times begin when the request has come to the location (guide, "time-taken").
            trip.visit.begun = time.time()
        response = await self._delivery.answer(trip)
        request.state_date()
        if "date" not in response.headers:
            response.headers.add("Date", http_dates.text(time.time()))
        if cookie:
            response.headers.add("Set-Cookie", cookie)
        await self._reply(trip, response, request, send)
        # A delay has to be waited for, and the first request of a connection to be known.
        if not self._locations.delayed:
            self._fast.take_up(request, trip, response)

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """What the viewer gets for an error of the engine's own."""
        page = error_pages.page(error.status, request_ids.request_id(), [error.message])
        assert isinstance(page.body, bytes)
        return Reply(page.status, page.body, replies.wire(page.headers), None)

    async def _trip(
        self, distribution: Distribution, request: HttpRequest, path: str, begun: float
    ) -> Trip:
        body = await request.body(BODY_LIMIT, _too_large)
        headers = Headers(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.as_spelt]
        )
        try:
            arrival = self._locations.take(headers)
        except UnknownLocationError as error:
            raise AWSError("InvalidArgument", str(error), 400) from error
        host = request.headers.get("host", "")
        viewer = Viewer(
            request.peer,
            request.peer_port,
            arrival.country or (headers.get("CloudFront-Viewer-Country") or "").upper(),
            request.scheme,
            arrival.location.code,
            request_ids.request_id(),
        )
        asked = Request(request.method, path, request.query, headers, body)
        visit = Visit(
            begun,
            distribution.id,
            viewer,
            request.method,
            host,
            path,
            request.query,
            headers.copy(),
            request_bytes=_size(request, len(body)),
            http_version=f"HTTP/{request.version}",
            ssl_protocol=request.tls[0],
            ssl_cipher=request.tls[1],
        )
        return Trip(
            distribution, asked, host, viewer, arrival, visit, visit.http_version, request.tls
        )

    async def _staged(self, trip: Trip, staging_id: str) -> Trip:
        """The same request, for the staging distribution if it is there and enabled."""
        staging = await self._configuration.of_id(staging_id)
        if staging is None or not staging.enabled:
            return trip
        trip.visit.distribution = staging.id
        return Trip(
            staging,
            trip.asked,
            trip.host,
            trip.viewer,
            trip.arrival,
            trip.visit,
            trip.http_version,
            trip.tls,
        )

    async def _reply(
        self, trip: Trip, response: Response, request: HttpRequest, send: Send
    ) -> None:
        visit = trip.visit
        visit.first_byte_s = time.time() - visit.begun
        sent = 0
        try:
            sent = await replies.send(response, trip.asked.method, send, request.receive)
        except ClientGone:
            visit.outcome, visit.detail = "Error", "ClientCommError"
            raise
        except OriginError as fault:
            log.warning("distribution %s: %s", trip.distribution.id, fault.message)
            visit.outcome, visit.detail = "Error", fault.detail
            raise ClientGone from fault  # the server hangs up: so the viewer knows
        finally:
            visit.response_bytes = replies.head_bytes(response) + sent
            visit.taken_s = time.time() - visit.begun
            self._logs.put(trip.distribution, trip.behaviour, visit)


class _Connections:
    """Knows the first request of a viewer's connection, by the viewer's port."""

    _MOST = 4096

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], None] = {}

    def is_new(self, request: HttpRequest) -> bool:
        """Whether a connection had no request before."""
        peer = request.peer, request.peer_port
        if peer in self._seen:
            return False
        self._seen[peer] = None
        if len(self._seen) > self._MOST:
            del self._seen[next(iter(self._seen))]
        return True


def _size(request: HttpRequest, body: int) -> int:
    """Bytes of a request on the wire."""
    line = len(request.method) + len(request.path) + len(request.query) + len("  HTTP/1.1\r\n\r\n")
    return line + body + sum(len(name) + len(value) + 4 for name, value in request.raw_headers)


def _too_large(size: int) -> AWSError:
    text = f"The body has {size} bytes or more; lambda_nb takes {BODY_LIMIT} for a distribution."
    return AWSError("RequestEntityTooLarge", text, 413)
