"""How long a packet travels: between viewers, edge locations, Regions and origins.

Theory of operation
-------------------
A round trip lasts twice the great-circle distance at the speed of light in fibre (two thirds of
that in a vacuum), times how much longer and slower than that the way is in practice:

* **2.1** between a viewer and a location, over the public internet: the rule of thumb of
  Bozkurt, Aqeel, Bhattacherjee, Chandrasekaran, Godfrey, Laughlin, Maggs, Singla, "Dissecting
  Latency in the Internet's Fiber Infrastructure" (2018, arXiv:1811.10737), from measurements;
* **1.58** between a location and a Region or origin, over a cloud provider's own network: the
  median of the 45 pairs of ten cities that IBM Cloud publishes (docs, "Network latency", average of
  28 September to 27 October 2024: Frankfurt - Washington 92 ms, Tokyo - Sydney 115 ms). AWS
  publishes no such table; CloudFront's way to an origin is on its own network too (guide, "Use
  Amazon CloudFront Origin Shield"). Single pairs differ by a factor of up to two (Europe -
  Japan is slower: 231 ms measured, 147 ms here).

A round trip never takes less than :data:`LEAST_RTT_S`. Bandwidth, loss, congestion and the growth
of a new connection's window are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

from lambda_nb.rules.edge.locations import EdgeLocation
from lambda_nb.rules.edge.places import REGIONS, Place

EARTH_RADIUS_KM = 6371.0088
FIBRE_KM_A_SECOND = 200_000.0
"""Kilometres that light travels in fibre in a second."""
INTERNET_DETOUR = 2.1
BACKBONE_DETOUR = 1.58
LEAST_RTT_S = 0.001
"""Seconds of a round trip inside one city."""


class Point(Protocol):
    """Anything with a latitude and a longitude."""

    @property
    def latitude(self) -> float:
        """Degrees north."""

    @property
    def longitude(self) -> float:
        """Degrees east."""


def distance_km(one: Point, other: Point) -> float:
    """Kilometres of the great circle between two points.

    Examples
    --------
    >>> from lambda_nb.rules.edge.locations import location_of
    >>> round(distance_km(location_of("fra"), location_of("iad")))
    6550
    """
    a, b = math.radians(one.latitude), math.radians(other.latitude)
    across = math.sin((b - a) / 2) ** 2
    along = math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    share = min(1.0, across + math.cos(a) * math.cos(b) * along)
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(share))


def internet_rtt_s(one: Point, other: Point) -> float:
    """Seconds of a round trip over the public internet, as between a viewer and a location."""
    return max(LEAST_RTT_S, 2 * distance_km(one, other) / FIBRE_KM_A_SECOND * INTERNET_DETOUR)


def backbone_rtt_s(one: Point, other: Point) -> float:
    """Seconds of a round trip over CloudFront's network, as between a location and an origin."""
    return max(LEAST_RTT_S, 2 * distance_km(one, other) / FIBRE_KM_A_SECOND * BACKBONE_DETOUR)


def region_place(region: str) -> Place | None:
    """Where a Region is; ``None`` if that is not known."""
    at = REGIONS.get(region)
    return None if at is None else Place(region, "", *at)


def nearest(viewer: Point, locations: Iterable[EdgeLocation]) -> EdgeLocation:
    """The location that takes a viewer's request: the one with the shortest round trip.

    CloudFront sends viewers to the location that serves them fastest (guide, "How CloudFront
    delivers content"). Of several equally near ones it is the first.

    Raises
    ------
    ValueError
        There are no locations.
    """
    return min(locations, key=lambda location: distance_km(viewer, location))


def handshake_round_trips(protocol: str) -> int:
    """Round trips before the first request on a new connection: TCP's, and that of TLS 1.3."""
    return 2 if protocol == "https" else 1
