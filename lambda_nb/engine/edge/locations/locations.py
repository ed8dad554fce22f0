"""The edge locations of one engine: which takes a request, and the delays of its ways.

A request may say where it is from, because on one machine all viewers have the same address:

* ``X-Viewer-Location: Berlin`` is where the viewer is (:mod:`lambda_nb.rules.edge.places`
  says what may stand there). The nearest of the engine's locations takes the request.
* ``X-Edge-Location: fra`` is the location that takes it, whichever is nearest.

Without either, the first location takes it and the viewer is beside it. Both headers are taken out:
neither a cache key nor an origin sees them.

Delays are those of ``--edge-locations``; without that option there is one location and no delay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.edge.latency import (
    backbone_rtt_s,
    handshake_round_trips,
    internet_rtt_s,
    nearest,
    region_place,
)
from lambda_nb.rules.edge.locations import (
    LOCATIONS,
    EdgeLocation,
    UnknownLocationError,
    location_of,
)
from lambda_nb.rules.edge.places import Place, place_of

EDGE_HEADER = "X-Edge-Location"
VIEWER_HEADER = "X-Viewer-Location"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a request is from, and which location took it.

    Attributes
    ----------
    location
        It took the request.
    place
        Where the viewer is; ``None`` if the request does not say.
    round_trip_s
        Seconds of a round trip between the two; 0 if there are no delays.
    """

    location: EdgeLocation
    place: Place | None
    round_trip_s: float

    @property
    def country(self) -> str:
        """The code of the viewer's country; empty if not known."""
        return "" if self.place is None else self.place.country

    def delay_s(self, protocol: str, new_connection: bool) -> float:
        """Seconds that the viewer waits for packets between itself and the location.

        One round trip for the request and its response; on a new connection also those of the
        handshakes, TCP's and with ``https`` that of TLS 1.3. The real handshakes are over by then,
        so the first request of a connection pays for them.
        """
        return self.round_trip_s * (1 + (handshake_round_trips(protocol) if new_connection else 0))


class Locations:
    """The edge locations of one engine.

    Parameters
    ----------
    codes
        Of ``--edge-locations``; without any there is one, near the home Region, and no delay.
    home_region
        The engine's Region: origins that are in no known Region are here.

    Raises
    ------
    UnknownLocationError
        There is no such location.
    """

    def __init__(self, codes: Iterable[str] = (), home_region: str = "us-east-1") -> None:
        self._home = region_place(home_region) or place_of("us-east-1")
        given = [location_of(code) for code in codes]
        self.delayed = bool(given)
        self.all = tuple(dict.fromkeys(given or [nearest(self._home, LOCATIONS.values())]))
        self._by_code = {location.code: location for location in self.all}
        self._beside = Arrival(self.all[0], None, 0.0)

    def take(self, headers: Headers) -> Arrival:
        """Where a request is from and who takes it; takes the two headers out.

        Raises
        ------
        UnknownLocationError
            A header names no place, or a location that this engine does not have: the message is
            for the viewer (400).
        """
        # Few requests have a header that begins with "X-": the others are told apart at once.
        if not any(name[1:2] == "-" for name, _ in headers):
            return self._beside
        edge, viewer = headers.get(EDGE_HEADER), headers.get(VIEWER_HEADER)
        if edge is None and viewer is None:
            return self._beside
        headers.remove(EDGE_HEADER, VIEWER_HEADER)
        place = None if viewer is None else _place(viewer)
        location = self.all[0] if place is None else nearest(place, self.all)
        if edge is not None:
            location = self._here(edge)
        if place is None or not self.delayed:
            return Arrival(location, place, 0.0)
        return Arrival(location, place, internet_rtt_s(place, location))

    def origin_delay_s(self, code: str, region: str = "") -> float:
        """Seconds that a location waits for packets between itself and an origin.

        One round trip: CloudFront keeps its connections to origins open (guide, "How CloudFront
        delivers content"). An origin in no known Region is in the engine's own.
        """
        if not self.delayed:
            return 0.0
        return backbone_rtt_s(self._by_code[code], region_place(region) or self._home)

    def function_delay_s(self, code: str) -> float:
        """Seconds of a round trip between a location and the Region where its functions run.

        Lambda@Edge functions run in the Regions of regional edge caches; CloudFront Functions run
        in the location itself and wait for no packets.
        """
        return self.origin_delay_s(code, self._by_code[code].region)

    def region_of(self, code: str) -> str:
        """The Region where a location's functions run."""
        return location_of(code).region

    def _here(self, code: str) -> EdgeLocation:
        try:
            known = location_of(code)
        except UnknownLocationError as error:
            raise UnknownLocationError(f"{EDGE_HEADER}: {error}") from error
        if known.code not in self._by_code:
            have = ", ".join(each.lower() for each in self._by_code)
            raise UnknownLocationError(
                f"{EDGE_HEADER}: this engine has no edge location {known.code.lower()} "
                f"({known.city}); it has {have}. Start it with --edge-locations "
                f"{have.replace(' ', '')},{known.code.lower()}"
            )
        return known


def _place(text: str) -> Place:
    try:
        return place_of(text)
    except UnknownLocationError as error:
        raise UnknownLocationError(f"{VIEWER_HEADER}: {error}") from error
