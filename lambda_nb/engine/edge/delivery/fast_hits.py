"""Hits that repeat: an answer whose request came before, byte by byte, is put together anew from
its parts, without parsing, key or stages.

What it depends on beside the request's bytes is asked each time: the address, the distribution's
configuration, and the object in the cache. An answer that depends on more is not taken up: on the
viewer's connection, a clock (signatures), chance (continuous deployment, ``Server-Timing``), or a
function at a viewer event.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

from lambda_nb.engine.api.wire.answers import whole_head
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.edge.cache.cache import Cache
from lambda_nb.engine.edge.cache.entries import Entry
from lambda_nb.engine.edge.configuration.configuration import Configuration
from lambda_nb.engine.edge.delivery import replies, request_ids
from lambda_nb.engine.edge.delivery.trip import Trip
from lambda_nb.engine.edge.logs import metrics
from lambda_nb.engine.edge.logs.access_logs import AccessLogs
from lambda_nb.engine.edge.model import Response, Viewer, Visit
from lambda_nb.engine.edge.settings import Behaviour
from lambda_nb.engine.gateways.shared.addresses import Addresses

_OF_CONNECTION = ("cloudfront-viewer-address", "cloudfront-viewer-tls")
_HANDSHAKES = ("expect", "upgrade")
_AGE, _ID = b"age", b"x-amz-cf-id"
_PLACES = {_AGE: b"\0a", _ID: b"\0i"}
"""Stand in a head for what differs from answer to answer; no value can hold them."""


class FastHits:
    """Takes up hits that can be answered again.

    Parameters
    ----------
    addresses
        Finds what requests are for.
    configuration
        The distributions.
    cache
        Of all locations.
    logs
        Told of every request.

    Attributes
    ----------
    answered : int
        Requests that were answered again.
    """

    def __init__(
        self, addresses: Addresses, configuration: Configuration, cache: Cache, logs: AccessLogs
    ) -> None:
        self.addresses = addresses
        self.configuration = configuration
        self.cache = cache
        self.logs = logs
        self.answered = 0

    def take_up(self, request: HttpRequest, trip: Trip, response: Response) -> None:
        """Answer a request again like this time, if that can be.

        Parameters
        ----------
        request
            Who asked.
        trip
            What became of it.
        response
            As its viewer gets it.
        """
        entry, behaviour = trip.hit, trip.behaviour
        if (
            request.remember is None
            or entry is None
            or behaviour is None
            or request.method != "GET"
            or trip.visit.outcome != "Hit"
            or trip.distribution.deployment is not None
            or any(name in request.headers for name in _HANDSHAKES)
            or not _is_repeated(behaviour)
            or (response.body != b"" and response.body is not entry.body.data)
        ):
            return
        headers, _ = replies.whole(response, "GET").parts()
        varying = {_AGE: trip.age, _ID: trip.viewer.request_id}
        if any(
            [value for name, value in headers if name == varies] != [told.encode()]
            for varies, told in varying.items()
        ):  # a policy, or the origin, has a say in them
            return
        shape = [(name, _PLACES.get(name, value)) for name, value in headers]
        request.remember(_FastHit(self, request, trip, behaviour, entry, response, shape).answer)


class _FastHit:
    """One hit that is answered again.

    Parameters
    ----------
    hits
        What it works with.
    request, trip, behaviour, entry, response
        Of the first time.
    shape
        The answer's headers; those that vary have other values.
    """

    def __init__(
        self,
        hits: FastHits,
        request: HttpRequest,
        trip: Trip,
        behaviour: Behaviour,
        entry: Entry,
        response: Response,
        shape: list[tuple[bytes, bytes]],
    ) -> None:
        self._hits = hits
        self._addresses = hits.addresses
        self._configuration = hits.configuration
        self._cache = hits.cache
        self._logs = hits.logs
        # Without what holds the connection.
        self._request = replace(request, receive=_nothing, state_date=lambda: None, remember=None)
        self._at = hits.addresses.find(request)
        self._host = "" if self._at is None else self._at.identifier
        self._distribution = trip.distribution
        self._behaviour = behaviour
        self._name = entry.name
        self._entry = weakref.ref(entry)  # what left the cache must not be kept here
        self._has_body = response.body != b""
        head = whole_head(response.status, shape).replace(b"%", b"%%")
        for name, place in _PLACES.items():
            head = head.replace(place, b"%%(%s)b" % name)
        self._head = head
        self._first = trip.visit
        self._bytes = trip.visit.response_bytes - len(trip.age)
        self._is_logged = (
            trip.distribution.standard_log is not None or behaviour.realtime_log is not None
        )
        self._figures: dict[int, metrics.Figures] = {}

    def answer(self, client: tuple[str, int] | None, tls: tuple[str, str] | None) -> bytes | None:
        """The whole answer, of which the logs are told; ``None`` if it would be another one."""
        begun = time.time()
        if (
            self._configuration.known(self._host) is not self._distribution
            or self._addresses.find(self._request) != self._at
        ):
            return None
        entry = self._cache.current(self._name)
        if entry is None or entry is not self._entry() or begun >= entry.fresh_until:
            return None
        body = entry.body.data if self._has_body else b""
        if body is None or not entry.body.checked:
            return None
        age = b"%d" % entry.age(begun)
        identifier = request_ids.request_id()
        head = self._head % {_AGE: age, _ID: identifier.encode()}
        size = self._bytes + len(age)
        if self._is_logged:
            self._logs.put(
                self._distribution,
                self._behaviour,
                self._visit(begun, identifier, size, client, tls),
            )
        else:
            self._count(size)
        self._hits.answered += 1
        return head + body

    def _count(self, size: int) -> None:
        figures = self._figures.get(size)
        if figures is None:
            visit = self._visit(0.0, "", size, None, None)
            figures = self._figures[size] = metrics.of(self._distribution, visit)
        self._logs.count(figures)

    def _visit(
        self,
        begun: float,
        identifier: str,
        size: int,
        client: tuple[str, int] | None,
        tls: tuple[str, str] | None,
    ) -> Visit:
        """What the logs are told. The headers of the response are those of the first time."""
        first = self._first
        before = first.viewer
        ip, port = client or ("", 0)
        protocol, cipher = tls or ("", "")
        taken = time.time() - begun
        return Visit(
            begun=begun,
            distribution=first.distribution,
            viewer=Viewer(ip, port, before.country, before.protocol, before.location, identifier),
            method=first.method,
            host=first.host,
            uri=first.uri,
            querystring=first.querystring,
            request_headers=first.request_headers,
            request_bytes=first.request_bytes,
            http_version=first.http_version,
            status=first.status,
            outcome="Hit",
            before_sent="Hit",
            detail=first.detail,
            behaviour=first.behaviour,
            response_headers=first.response_headers,
            response_bytes=size,
            first_byte_s=taken,
            taken_s=taken,
            range_start=first.range_start,
            range_end=first.range_end,
            ssl_protocol=protocol,
            ssl_cipher=cipher,
        )


async def _nothing() -> MutableMapping[str, Any]:
    return {"type": "http.disconnect"}


def _is_repeated(behaviour: Behaviour) -> bool:
    """Whether the same request gets the same answer as long as its object is the same."""
    policy, in_key = behaviour.response_headers, behaviour.cache.headers
    return (
        behaviour.trusted_keys is None
        and not any(
            event in each
            for each in (behaviour.lambdas, behaviour.functions)
            for event in ("viewer-request", "viewer-response")
        )
        and not any(in_key.has(name) for name in _OF_CONNECTION)
        and (policy is None or policy.server_timing is None)
    )
