"""Where viewers and origins are: cities, countries, Regions and coordinates.

A viewer is at one of CloudFront's own cities, in a country (its first city in the table of edge
locations, or its capital), or at a latitude and longitude. Regions stand at the cities that AWS
names in its list of Regions; Oregon and Virginia at their data centres.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lambda_nb.rules.edge.locations import LOCATIONS, UnknownLocationError

REGIONS: dict[str, tuple[float, float]] = {
    "us-east-1": (38.95, -77.45),
    "us-east-2": (40.00, -83.00),
    "us-west-1": (37.35, -121.96),
    "us-west-2": (45.84, -119.70),
    "ca-central-1": (45.50, -73.57),
    "ca-west-1": (51.05, -114.07),
    "mx-central-1": (20.59, -100.39),
    "sa-east-1": (-23.55, -46.63),
    "eu-central-1": (50.11, 8.68),
    "eu-central-2": (47.38, 8.54),
    "eu-west-1": (53.35, -6.26),
    "eu-west-2": (51.51, -0.13),
    "eu-west-3": (48.86, 2.35),
    "eu-north-1": (59.33, 18.07),
    "eu-south-1": (45.46, 9.19),
    "eu-south-2": (41.65, -0.89),
    "il-central-1": (32.08, 34.78),
    "me-south-1": (26.07, 50.56),
    "me-central-1": (24.45, 54.38),
    "af-south-1": (-33.92, 18.42),
    "ap-south-1": (19.08, 72.88),
    "ap-south-2": (17.39, 78.49),
    "ap-east-1": (22.32, 114.17),
    "ap-east-2": (25.03, 121.57),
    "ap-southeast-1": (1.35, 103.82),
    "ap-southeast-2": (-33.87, 151.21),
    "ap-southeast-3": (-6.21, 106.85),
    "ap-southeast-4": (-37.81, 144.96),
    "ap-southeast-5": (3.14, 101.69),
    "ap-southeast-7": (13.76, 100.50),
    "ap-northeast-1": (35.68, 139.69),
    "ap-northeast-2": (37.57, 126.98),
    "ap-northeast-3": (34.69, 135.50),
}
"""Latitude and longitude of AWS's Regions."""


class Place(NamedTuple):
    """A point on the earth.

    Attributes
    ----------
    name
        Of its city, or its coordinates as text.
    country
        Its code of ISO 3166-1; empty if not known.
    latitude, longitude
        Degrees north and east.
    """

    name: str
    country: str
    latitude: float
    longitude: float


FAR = (
    Place("Reykjavik", "IS", 64.15, -21.94),
    Place("Nuuk", "GL", 64.18, -51.69),
    Place("Anchorage", "US", 61.22, -149.90),
    Place("Honolulu", "US", 21.31, -157.86),
    Place("Panama City", "PA", 8.98, -79.52),
    Place("Ushuaia", "AR", -54.80, -68.30),
    Place("Dakar", "SN", 14.72, -17.47),
    Place("Casablanca", "MA", 33.57, -7.59),
    Place("Addis Ababa", "ET", 9.03, 38.74),
    Place("Antananarivo", "MG", -18.88, 47.51),
    Place("Kyiv", "UA", 50.45, 30.52),
    Place("Tallinn", "EE", 59.44, 24.75),
    Place("Almaty", "KZ", 43.24, 76.89),
    Place("Karachi", "PK", 24.86, 67.01),
    Place("Dhaka", "BD", 23.81, 90.41),
    Place("Kathmandu", "NP", 27.72, 85.32),
    Place("Ulaanbaatar", "MN", 47.89, 106.91),
    Place("Port Moresby", "PG", -9.44, 147.18),
    Place("Suva", "FJ", -18.14, 178.44),
)
"""Places of viewers that have no edge location near them, or none in their country."""

_COORDINATES = re.compile(r"\s*([+-]?\d{1,2}(?:\.\d+)?)\s*,\s*([+-]?\d{1,3}(?:\.\d+)?)\s*")


def _named() -> dict[str, Place]:
    places = [
        Place(one.city, one.country, one.latitude, one.longitude) for one in LOCATIONS.values()
    ]
    names: dict[str, Place] = {}
    for place in (*places, *FAR):
        names.setdefault(place.name.casefold(), place)
        names.setdefault(place.country.casefold(), place)
    for code, place in zip(LOCATIONS, places, strict=True):
        names[code.casefold()] = place
    # The first city of the table is not the one that most of a country's viewers are near.
    for country, code in (("us", "ord"), ("de", "fra"), ("ca", "yto"), ("br", "gru"), ("it", "mxp"),
                          ("in", "bom"), ("au", "syd"), ("jp", "nrt"), ("gb", "lhr"), ("fr", "cdg"),
                          ("es", "mad"), ("za", "jnb"), ("ae", "dxb"), ("vn", "sgn")):  # fmt: skip
        names[country] = names[code]
    return names


_NAMES = _named()


def place_of(text: str) -> Place:
    """The place that a text names.

    Parameters
    ----------
    text
        A city (``Berlin``), the code of a country (``DE``) or of an edge location (``fra``), a
        Region (``eu-west-1``), or latitude and longitude in degrees (``52.5,13.4``).

    Raises
    ------
    UnknownLocationError
        It names none of these.

    Examples
    --------
    >>> place_of("berlin").country, place_of("JP").name, place_of("-12.5, 130.8").latitude
    ('DE', 'Tokyo', -12.5)
    """
    asked = text.strip().casefold()
    found = _NAMES.get(asked)
    if found is not None:
        return found
    if asked in REGIONS:
        return Place(asked, "", *REGIONS[asked])
    degrees = _COORDINATES.fullmatch(asked)
    if degrees and abs(float(degrees[1])) <= 90 and abs(float(degrees[2])) <= 180:
        return Place(text.strip(), "", float(degrees[1]), float(degrees[2]))
    near = [place.name for name, place in _NAMES.items() if asked and name.startswith(asked[:4])]
    told = f" Did you mean {' or '.join(dict.fromkeys(near[:3]))}?" if near else ""
    raise UnknownLocationError(
        f"no place is known as {text.strip()!r}.{told} Give a city that has an edge location, a "
        "country's code such as DE, or latitude,longitude such as 52.5,13.4"
    )
