"""One trip to an origin, with the functions that run on its way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from lambda_nb.engine.edge.configuration.behaviours import forwarding
from lambda_nb.engine.edge.delivery.stages import timed
from lambda_nb.engine.edge.delivery.trip import Trip, via
from lambda_nb.engine.edge.functions.origins import changed
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.locations.locations import Locations
from lambda_nb.engine.edge.model import OriginError, Request, Response, Visit
from lambda_nb.engine.edge.origins import failover
from lambda_nb.engine.edge.origins.origins import Origins
from lambda_nb.engine.edge.settings import Behaviour, Origin
from lambda_nb.engine.edge.triggers.triggers import Triggers
from lambda_nb.rules.edge import origin_requests
from lambda_nb.rules.edge.viewer.compression import Encoding, accepted

CONDITIONS = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range")


@dataclass(slots=True)
class Fetched:
    """An origin's response, or that of a function in its place.

    ``asked`` and ``came`` are when the origin was asked and when the response's head came, in
    seconds of the epoch. ``generated`` tells whether an origin-request function made it.
    """

    response: Response
    request: Request
    asked: float
    came: float
    generated: bool = False


class Fetches:
    """Asks origins.

    Parameters
    ----------
    origins
        Makes requests to them.
    triggers
        Lambda@Edge.
    locations
        Know how far origins are.
    """

    def __init__(self, origins: Origins, triggers: Triggers, locations: Locations) -> None:
        self._origins = origins
        self._triggers = triggers
        self._locations = locations

    async def fetch(
        self,
        trip: Trip,
        behaviour: Behaviour,
        request: Request,
        conditions: Sequence[tuple[str, str]] | None = None,
    ) -> Fetched:
        """The response to a request, from its behaviour's origin or origin group.

        Parameters
        ----------
        request
            After viewer-request functions.
        conditions
            Headers that ask whether an object has changed, in the place of the viewer's; ``None``
            leaves the viewer's own conditions and range.

        Raises
        ------
        OriginError
            There is no usable response.
        FunctionFault
            A function failed, or returned what it may not.
        """
        if conditions is not None:
            request = request.copy()
            request.headers.remove(*CONDITIONS, "Range")
        last: Fetched | None = None

        async def attempt(origin: Origin) -> Response:
            nonlocal last
            last = await self._attempt(trip, behaviour, request, origin, conditions or ())
            return last.response

        distribution, target = trip.distribution, behaviour.target
        if request.origin is not None:
            distribution, target = changed(distribution, target, request.origin)
        origins, group = distribution.origins, distribution.groups.get(target)
        if group is None:
            await attempt(origins[target])
        else:
            await failover.fetch(group, origins, request.method, behaviour.cached_methods, attempt)
        assert last is not None
        return last

    async def _attempt(
        self,
        trip: Trip,
        behaviour: Behaviour,
        request: Request,
        origin: Origin,
        conditions: Sequence[tuple[str, str]],
    ) -> Fetched:
        sent = _forwarded(trip, behaviour, request, origin)
        for name, value in conditions:
            sent.headers.set(name, value)
        asked = time.time()
        association = behaviour.lambdas.get("origin-request")
        if association is not None:
            await self._on_its_way(trip)
            with timed(trip, "origin-request"):
                made = await self._triggers.origin_request(association, trip.context, sent, origin)
            if isinstance(made, Response):
                return Fetched(made, sent, asked, time.time(), generated=True)
            sent, origin = made
        response = await self._asked(trip, origin, sent)
        came = time.time()
        association = behaviour.lambdas.get("origin-response")
        if association is not None:
            try:
                await self._on_its_way(trip)
                with timed(trip, "origin-response"):
                    response = await self._triggers.origin_response(
                        association, trip.context, sent, origin, response
                    )
            except BaseException:
                await response.leave()
                raise
        return Fetched(response, sent, asked, came)

    async def _on_its_way(self, trip: Trip) -> None:
        """Wait as long as an event takes to the Region where the location's functions run."""
        delay = self._locations.function_delay_s(trip.viewer.location)
        if delay:
            await asyncio.sleep(delay)

    async def _asked(self, trip: Trip, origin: Origin, request: Request) -> Response:
        visit = trip.visit
        begun = time.perf_counter()
        visit.origin_id = origin.id
        delay = self._locations.origin_delay_s(trip.viewer.location, origin.region)
        if delay:
            await asyncio.sleep(delay)
        try:
            response = await self._origins.fetch(
                origin, request, trip.viewer, trip.distribution.arn
            )
        except OriginError:
            visit.origin_first_byte_s = time.perf_counter() - begun
            raise
        visit.origin_first_byte_s = time.perf_counter() - begun
        if isinstance(response.body, bytes):
            visit.origin_last_byte_s = visit.origin_first_byte_s
        else:
            response.body = _followed(response.body, visit, begun)
        return response


def _forwarded(trip: Trip, behaviour: Behaviour, request: Request, origin: Origin) -> Request:
    """The request that an origin gets, by the behaviour's policies."""
    rules = forwarding(behaviour, origin)
    headers = origin_requests.headers(
        rules,
        request.method,
        list(request.headers),
        host=origin.domain,
        viewer_ip=trip.viewer.ip,
        via=via(trip.distribution),
    )
    query = origin_requests.query(rules, request.querystring)
    return replace(request, querystring=query, headers=Headers(headers))


async def _followed(
    pieces: AsyncIterator[bytes], visit: Visit, begun: float
) -> AsyncIterator[bytes]:
    """A body as it comes; the visit is told when all has come."""
    async for piece in pieces:
        yield piece
    visit.origin_last_byte_s = time.perf_counter() - begun


def formats(behaviour: Behaviour, request: Request) -> tuple[Encoding, ...]:
    """The encodings in which the viewer may get a compressed object."""
    policy = behaviour.cache
    told = request.headers.all("accept-encoding")
    return accepted(told, gzip=policy.gzip, brotli=policy.brotli)
