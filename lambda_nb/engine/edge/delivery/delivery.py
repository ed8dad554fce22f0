"""The stages of a request: from its viewer to the cache or the origin, and back.

Order (CloudFront Developer Guide, "How CloudFront delivers content", "CloudFront events that can
trigger a Lambda@Edge function", 2026): limits; the behaviour; method, country and protocol; the
signature; the viewer-request function; the default root object; the cache, or the origin; the
custom error response; conditions and ranges; the response headers policy; the viewer-response
function.
"""

from __future__ import annotations

import logging
import random
import time

from lambda_nb.engine.edge.cache.parts import part_of
from lambda_nb.engine.edge.configuration.behaviours import behaviour_of
from lambda_nb.engine.edge.delivery.fetches import CONDITIONS
from lambda_nb.engine.edge.delivery.objects import Objects
from lambda_nb.engine.edge.delivery.stages import Stages
from lambda_nb.engine.edge.delivery.trip import Obtained, Trip, via
from lambda_nb.engine.edge.model import FunctionFault, OriginError, Request, Response
from lambda_nb.engine.edge.settings import Behaviour
from lambda_nb.engine.edge.viewer import admission, error_pages, policy_headers
from lambda_nb.engine.edge.viewer.admission import Refusal
from lambda_nb.engine.edge.viewer.narrowing import narrowed
from lambda_nb.engine.identifiers import hex_digits
from lambda_nb.rules.edge.locations import LOCATIONS
from lambda_nb.rules.edge.viewer import response_headers, viewer_rules
from lambda_nb.rules.edge.viewer.byte_ranges import Span
from lambda_nb.rules.edge.viewer.viewer_headers import Place

log = logging.getLogger(__name__)


class Delivery:
    """Answers requests to distributions.

    Parameters
    ----------
    stages
        The functions of behaviours.
    objects
        Gets objects from the cache or their origins.
    """

    def __init__(self, stages: Stages, objects: Objects) -> None:
        self._stages = stages
        self._objects = objects

    async def answer(self, trip: Trip) -> Response:
        """The response to a request, as its viewer gets it."""
        try:
            got = await self._obtain(trip)
        except FunctionFault as fault:
            log.warning("distribution %s: %s", trip.distribution.id, fault.message)
            got = await self._failed(
                trip,
                Obtained(
                    error_pages.of_function(fault, trip.viewer.request_id),
                    fault.outcome,
                    fault.outcome,
                ),
            )
        visit, response = trip.visit, got.response
        visit.outcome = visit.before_sent = got.outcome
        visit.detail = got.detail or got.outcome
        headers = response.headers
        headers.set("X-Cache", f"{got.outcome} from cloudfront")
        headers.set("Via", ", ".join([*headers.all("via"), via(trip.distribution)]))
        headers.set("X-Amz-Cf-Pop", LOCATIONS[trip.viewer.location].pop)
        headers.set("X-Amz-Cf-Id", trip.viewer.request_id)
        visit.status = response.status
        visit.response_headers = headers
        return response

    async def _obtain(self, trip: Trip) -> Obtained:
        refused = admission.oversize(trip.asked, trip.site, trip.viewer.request_id)
        if refused is not None:
            return self._refused(trip, refused)
        behaviour = trip.behaviour = behaviour_of(trip.distribution, trip.asked.uri)
        trip.visit.behaviour = behaviour.pattern
        refused = admission.refusal(
            trip.distribution, behaviour, trip.asked, trip.viewer, trip.host, trip.http_version
        )
        if refused is not None:
            got = self._refused(trip, refused)
            return got if got.outcome == "Redirect" else await self._failed(trip, got)
        request = admission.signed_in(behaviour, trip.asked, trip.viewer, trip.site, time.time())
        if isinstance(request, Refusal):
            return await self._failed(trip, self._refused(trip, request))
        request = request.copy()
        _take_out(trip, request)
        about = _about_viewer(trip, behaviour)
        # Lambda@Edge does not see them at this event, CloudFront Functions do (guide, "Restrictions
        # on Lambda@Edge", 2026).
        later = "viewer-request" in behaviour.lambdas
        if not later:
            _add(about, request)
        changed = await self._stages.viewer_request(trip, behaviour, request)
        if isinstance(changed, Obtained):
            return changed if changed.response.status < 400 else await self._failed(trip, changed)
        if later:
            _add(about, changed)
        changed.uri = viewer_rules.with_root_object(changed.uri, trip.distribution.root_object)
        try:
            got = await self._objects.obtain(trip, behaviour, changed)
        except OriginError as fault:
            log.warning("distribution %s: %s", trip.distribution.id, fault.message)
            page = error_pages.of_origin(fault, trip.viewer.request_id)
            return await self._failed(trip, Obtained(page, "Error", fault.detail))
        if got.response.status >= 400:
            return await self._failed(trip, got)
        return await self._dressed(trip, behaviour, changed, got)

    async def _dressed(
        self, trip: Trip, behaviour: Behaviour, request: Request, got: Obtained
    ) -> Obtained:
        """The response for this viewer: what it has already is left out, policies are applied."""
        stored = got.outcome in ("Hit", "RefreshHit")
        found = part_of(got.response.headers) if stored and got.response.status == 206 else None
        part = None if found is None else (Span(found.first, found.last), found.total)
        response = await narrowed(
            trip.asked, got.response, hex_digits(24), got.read, stored=stored, part=part
        )
        _note_range(trip, response)
        response.headers = policy_headers.for_viewer(behaviour, trip.asked, response.headers)
        self._time(trip, behaviour, response, got)
        try:
            got.response = await self._stages.viewer_response(trip, behaviour, request, response)
        except BaseException:
            await response.leave()
            raise
        return got

    async def _failed(self, trip: Trip, got: Obtained) -> Obtained:
        """An error as the viewer gets it: with the distribution's own page, if there is one."""
        rule = viewer_rules.custom_error(got.response.status, got.outcome, trip.distribution.errors)
        if rule is not None and rule.page and rule.status is not None:
            return await self._custom(trip, got, rule.page, rule.status)
        if trip.behaviour is not None:
            response = got.response
            response.headers = policy_headers.for_viewer(
                trip.behaviour, trip.asked, response.headers
            )
        if got.outcome in ("Hit", "RefreshHit", "Miss"):
            got.outcome = "Error"
            got.detail = got.detail or "OriginError"
        return got

    async def _custom(self, trip: Trip, got: Obtained, page: str, status: int) -> Obtained:
        """The distribution's page for an error; if it cannot be had, what its origin answered."""
        asked = Request("GET", page, "", trip.asked.headers.copy())
        asked.headers.remove("Range", *CONDITIONS)
        behaviour = behaviour_of(trip.distribution, page)
        _take_out(trip, asked)
        _add(_about_viewer(trip, behaviour), asked)
        await got.response.leave()
        try:
            found = await self._objects.obtain(trip, behaviour, asked)
        except FunctionFault as fault:
            log.warning("distribution %s: %s", trip.distribution.id, fault.message)
            told = error_pages.of_function(fault, trip.viewer.request_id)
            return Obtained(told, fault.outcome, fault.outcome)
        except OriginError as fault:
            log.warning("distribution %s: %s", trip.distribution.id, fault.message)
            return Obtained(
                error_pages.of_origin(fault, trip.viewer.request_id), "Error", fault.detail
            )
        response = found.response
        if response.status < 400:
            response.status, response.reason = status, error_pages.reason(status)
        response.headers = policy_headers.for_viewer(behaviour, trip.asked, response.headers)
        detail = got.detail or "OriginError"
        return Obtained(response, "Error", detail)

    def _refused(self, trip: Trip, refusal: Refusal) -> Obtained:
        if refusal.why:
            log.warning("distribution %s: %s", trip.distribution.id, refusal.why)
        return Obtained(refusal.response, refusal.outcome, refusal.detail)

    def _time(self, trip: Trip, behaviour: Behaviour, response: Response, got: Obtained) -> None:
        """Put ``Server-Timing`` into a response, if the policy asks for it."""
        policy = behaviour.response_headers
        pragma = trip.asked.headers.get("pragma")
        if policy is None or not response_headers.tells_timing(
            policy.server_timing, pragma, random.random()
        ):
            return
        visit = trip.visit
        outcome = {"Hit": "hit", "RefreshHit": "refresh"}.get(got.outcome, "miss")
        first_byte = visit.origin_first_byte_s
        timing = response_headers.Timing(
            outcome,  # type: ignore[arg-type]
            LOCATIONS[trip.viewer.location].pop,
            trip.viewer.request_id,
            (time.time() - visit.begun) * 1000,
            upstream_fbl_ms=None if first_byte is None else first_byte * 1000,
        )
        of_origin = response.headers.joined("server-timing")
        response.headers.set("Server-Timing", response_headers.server_timing(timing, of_origin))


def _take_out(trip: Trip, request: Request) -> None:
    """Take out what no viewer may say, and what HTTP/1.0 may not ask for: nothing is compressed for
    it (guide, "Serve compressed files", 2026)."""
    request.headers.keep(lambda name: not name.startswith("cloudfront-"))
    if trip.http_version == "HTTP/1.0":
        request.headers.remove("Accept-Encoding")


def _about_viewer(trip: Trip, behaviour: Behaviour) -> list[tuple[str, str]]:
    """The ``CloudFront-*`` headers that policies want."""
    version, cipher = trip.tls
    return policy_headers.about_viewer(
        behaviour,
        trip.asked,
        trip.viewer,
        trip.http_version,
        _described(trip),
        f"{version}:{cipher}:fullHandshake" if version else "",
    )


def _add(headers: list[tuple[str, str]], request: Request) -> None:
    for name, value in headers:
        request.headers.set(name, value)


def _described(trip: Trip) -> Place | None:
    """Where the viewer is, as headers tell it."""
    place = trip.arrival.place
    if place is None:
        return None
    return Place(city=place.name, latitude=place.latitude, longitude=place.longitude)


def _note_range(trip: Trip, response: Response) -> None:
    part = part_of(response.headers) if response.status == 206 else None
    if part is not None:
        trip.visit.range_start, trip.visit.range_end = part.first, part.last
