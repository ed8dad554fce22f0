"""Objects: from the cache of a location, or from their origin by way of it."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import NamedTuple

from lambda_nb.engine.edge.cache.cache import Cache
from lambda_nb.engine.edge.cache.entries import Entry
from lambda_nb.engine.edge.cache.keys import key_of, ttls_of
from lambda_nb.engine.edge.cache.turns import Turn
from lambda_nb.engine.edge.cache.writers import Tee
from lambda_nb.engine.edge.delivery.background import Background, read_to_end
from lambda_nb.engine.edge.delivery.fetches import CONDITIONS, Fetched, Fetches, formats
from lambda_nb.engine.edge.delivery.trip import Obtained, Trip
from lambda_nb.engine.edge.model import FunctionFault, OriginError, Outcome, Request, Response
from lambda_nb.engine.edge.settings import Behaviour
from lambda_nb.engine.edge.viewer.compressing import compressed
from lambda_nb.engine.edge.viewer.error_pages import reason
from lambda_nb.rules.edge.caching.cache_keys import CacheKey, vary_for_viewer
from lambda_nb.rules.edge.caching.freshness import Ttls, lifetime
from lambda_nb.rules.edge.viewer import byte_ranges, viewer_rules
from lambda_nb.rules.edge.viewer.compression import choice

log = logging.getLogger(__name__)

_BODILESS = (204, 304)
_UNSAFE = ("DELETE", "PATCH", "POST", "PUT")


class _Wanted(NamedTuple):
    """An object that a request wants, and how it is asked for."""

    trip: Trip
    behaviour: Behaviour
    request: Request
    key: CacheKey
    variant: str

    @property
    def place(self) -> tuple[str, str, CacheKey]:
        """Distribution, location and key."""
        return self.trip.distribution.id, self.trip.viewer.location, self.key

    def ttls(self, status: int) -> Ttls:
        """The times for a response with a status."""
        errors = viewer_rules.error_min_ttl(status, self.trip.distribution.errors)
        return ttls_of(self.behaviour.cache, errors)


class Objects:
    """Gets objects.

    Parameters
    ----------
    cache
        Of all locations.
    fetches
        Asks origins.
    """

    def __init__(self, cache: Cache, fetches: Fetches) -> None:
        self._cache = cache
        self._fetches = fetches
        self._background = Background()

    async def close(self) -> None:
        """Give up what is read in the background."""
        await self._background.close()

    async def obtain(self, trip: Trip, behaviour: Behaviour, request: Request) -> Obtained:
        """The response to a request after viewer-request functions.

        Raises
        ------
        OriginError
            There is none in the cache, and the origin gave none.
        FunctionFault
            A function at an origin event failed, or returned what it may not.
        """
        # A body is in no cache key: what it made of an answer must not be another viewer's.
        is_cached = request.method in behaviour.cached_methods and not request.body
        if not is_cached or ttls_of(behaviour.cache, 0).disabled:
            fetched = await self._fetches.fetch(trip, behaviour, request)
            self._outdate(trip, behaviour, request, fetched.response.status)
            await self._compress(trip, behaviour, request, fetched)
            return self._obtained(behaviour, fetched.response, _outcome(fetched))
        key = key_of(request, behaviour.cache)
        ranged = request.headers.joined("range") or ""
        variant = "HEAD" if request.method == "HEAD" else ranged
        wanted = _Wanted(trip, behaviour, request, key, variant)
        entry, ready = await self._find(wanted)
        if not ready and await self._cache.wait(*wanted.place, variant):
            entry, ready = await self._find(wanted)
        if entry is not None and ready:
            got = self._hit(wanted, entry)
            trip.hit, trip.age = entry, got.response.headers.get("age") or ""
            return got
        return await self._ask(wanted, entry)

    def _outdate(self, trip: Trip, behaviour: Behaviour, request: Request, status: int) -> None:
        """What a request has changed is not used any more (RFC 9111, 4.4)."""
        if request.method in _UNSAFE and status < 400:
            address = key_of(request, behaviour.cache).address
            self._cache.outdate(trip.distribution.id, trip.viewer.location, address)

    async def _find(self, wanted: _Wanted) -> tuple[Entry | None, bool]:
        """What the cache has of an object, and whether it may be used without asking."""
        entry = self._cache.lookup(*wanted.place, wanted.request.method)
        ranged = wanted.request.headers.joined("range")
        if entry is None and ranged and wanted.request.method == "GET":
            entry = self._cache.lookup_part(*wanted.place, ranged)
            if entry is not None and not _is_meant(wanted.request, entry):
                entry = None  # the whole object is wanted, which only the origin has
        if entry is not None and not await self._cache.bodies.is_sound(entry):
            entry = None
        if entry is None:
            return None, False
        state = entry.state(time.time())
        if state == "usable":
            self._refresh_behind(wanted, entry)
        if state == "stale" and entry.part is not None:  # nobody can be asked about a part alone
            return None, False
        return entry, state != "stale"

    def _hit(self, wanted: _Wanted, entry: Entry, outcome: Outcome = "Hit") -> Obtained:
        return self._obtained(wanted.behaviour, self._of_entry(entry), outcome, entry)

    async def _ask(self, wanted: _Wanted, entry: Entry | None) -> Obtained:
        """Ask the origin for an object, or whether a stale one has changed."""
        return await self._ask_in_turn(wanted, entry, self._turn(wanted))

    def _turn(self, wanted: _Wanted) -> Turn:
        return self._cache.turn(*wanted.place, wanted.variant)

    async def _ask_in_turn(self, wanted: _Wanted, entry: Entry | None, turn: Turn) -> Obtained:
        try:
            conditions = None if entry is None else entry.conditions()
            fetched = await self._fetches.fetch(
                wanted.trip, wanted.behaviour, wanted.request, conditions
            )
        except OriginError as fault:
            turn.end()
            stale = self._instead(wanted, entry, fault.status)
            if stale is not None:
                log.warning("distribution %s: %s", wanted.trip.distribution.id, fault.message)
                return self._hit(wanted, stale)
            raise
        except BaseException:
            turn.end()
            raise
        if entry is not None and fetched.response.status == 304 and conditions:
            await fetched.response.leave()
            turn.end()
            return self._hit(wanted, self._renewed(wanted, entry, fetched), "RefreshHit")
        stale = self._instead(wanted, entry, fetched.response.status)
        if stale is not None:
            await fetched.response.leave()
            turn.end()
            return self._hit(wanted, stale)
        try:
            await self._compress(wanted.trip, wanted.behaviour, wanted.request, fetched)
            return await self._stored(wanted, turn, fetched)
        except BaseException:
            turn.end()
            await fetched.response.leave()
            raise

    def _instead(self, wanted: _Wanted, entry: Entry | None, status: int) -> Entry | None:
        """A stale object that is used because the origin failed with a status."""
        now = time.time()
        if entry is None or status < 500 or entry.is_error or not entry.serves_errors(now):
            return None
        errors = viewer_rules.error_min_ttl(status, wanted.trip.distribution.errors)
        self._cache.hold(entry, now + errors)
        return entry

    def _renewed(self, wanted: _Wanted, entry: Entry, fetched: Fetched) -> Entry:
        """A stale object that has not changed."""
        return self._cache.refresh(
            entry,
            fetched.response.headers,
            wanted.ttls(entry.status),
            fetched.asked,
            fetched.came,
            secret=_is_secret(wanted.behaviour, fetched.request),
        )

    async def _stored(self, wanted: _Wanted, turn: Turn, fetched: Fetched) -> Obtained:
        """An answer on its way to the viewer and, if it may be, into the cache."""
        response, method = fetched.response, wanted.request.method
        life = lifetime(
            response.status,
            list(response.headers),
            wanted.ttls(response.status),
            fetched.asked,
            fetched.came,
            secret=_is_secret(wanted.behaviour, fetched.request),
        )
        writer = self._cache.writer(
            turn, method, response.status, response.reason, response.headers, life, fetched.came
        )
        if writer is not None:
            if isinstance(response.body, bytes):
                await writer.write(b"" if method == "HEAD" else response.body)
                await writer.commit()
            else:
                tee = writer.tee(response.body, response.close)
                response.body, response.close = tee, tee.close
                if _may_be_left(wanted, response):
                    response.close = self._background.read_on(tee)
        return self._obtained(wanted.behaviour, response, _outcome(fetched))

    def _refresh_behind(self, wanted: _Wanted, entry: Entry) -> None:
        """Ask whether an object has changed while viewers still get it."""
        variant = "HEAD" if wanted.request.method == "HEAD" else ""
        if self._cache.is_asking(*wanted.place, variant):
            return
        trip = wanted.trip
        unseen = replace(trip, visit=replace(trip.visit, triggers={}))
        request = wanted.request.copy()
        request.headers.remove("Range", *CONDITIONS)
        wanted = wanted._replace(trip=unseen, request=request, variant=variant)
        turn = self._turn(wanted)

        async def refresh() -> None:
            try:
                got = await self._ask_in_turn(wanted, entry, turn)
                if isinstance(got.response.body, Tee):
                    await read_to_end(got.response.body)
                else:
                    await got.response.leave()
            except (OriginError, FunctionFault) as fault:
                log.warning("distribution %s: %s", trip.distribution.id, fault.message)

        self._background.begin(refresh())

    def _of_entry(self, entry: Entry) -> Response:
        headers = entry.headers.copy()
        headers.set("Age", str(entry.age(time.time())))
        body = entry.body
        if body.data is not None or body.size == 0:
            return Response(entry.status, headers, body.data or b"", entry.reason)
        if entry.status not in _BODILESS:
            headers.set("Content-Length", str(body.size))
        return Response(entry.status, headers, self._cache.bodies.pieces(entry), entry.reason)

    async def _compress(
        self, trip: Trip, behaviour: Behaviour, request: Request, fetched: Fetched
    ) -> None:
        """Compress a response, if it is one that CloudFront compresses."""
        response = fetched.response
        chosen = choice(
            formats(behaviour, request),
            compress=behaviour.compress,
            http_version=trip.http_version,
            status=response.status,
            headers=response.headers,
        )
        if chosen is not None and request.method == "GET":
            fetched.response = await compressed(response, chosen)

    def _obtained(
        self, behaviour: Behaviour, response: Response, outcome: Outcome, entry: Entry | None = None
    ) -> Obtained:
        """A response without the headers that viewers do not get."""
        headers = response.headers
        policy, forwarded = behaviour.cache, behaviour.origin_request
        if policy.cookies.mode == forwarded.cookies.mode == "none":
            headers.remove("Set-Cookie")
        if "vary" in headers:
            vary = vary_for_viewer(
                headers.all("vary"), policy.headers.names, everything=policy.min_ttl == 0
            )
            headers.remove("Vary")
            if vary is not None:
                headers.add("Vary", vary)
        response.reason = response.reason or reason(response.status)
        if entry is None or isinstance(response.body, bytes):
            return Obtained(response, outcome)
        stored = entry
        return Obtained(
            response,
            outcome,
            read=lambda first, last: self._cache.bodies.pieces(stored, first, last + 1),
        )


def _is_meant(request: Request, part: Entry) -> bool:
    """Whether a part is of the version that ``If-Range`` names, if it names one."""
    named, headers = request.headers.get("if-range"), part.headers
    return named is None or byte_ranges.if_range_holds(
        named, headers.get("etag"), headers.get("last-modified")
    )


def _may_be_left(wanted: _Wanted, response: Response) -> bool:
    """Whether a viewer may get something else than a response's body: the page of an error, nothing
    because it has the object already, or what a viewer-response function makes."""
    behaviour = wanted.behaviour
    return (
        response.status >= 400
        or any(name in wanted.request.headers for name in CONDITIONS)
        or "viewer-response" in behaviour.functions
        or "viewer-response" in behaviour.lambdas
    )


def _outcome(fetched: Fetched) -> Outcome:
    return "LambdaGeneratedResponse" if fetched.generated else "Miss"


def _is_secret(behaviour: Behaviour, request: Request) -> bool:
    """Whether the origin got an ``Authorization`` that does not tell objects apart."""
    return "authorization" in request.headers and not behaviour.cache.headers.has("authorization")
