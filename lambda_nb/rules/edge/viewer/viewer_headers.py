"""The ``CloudFront-*`` headers that tell an origin or a function who asks.

CloudFront Developer Guide, "Add CloudFront request headers", 2026. CloudFront tells devices by a
database of its own; here the words that devices write into ``User-Agent`` decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import lru_cache

from lambda_nb.rules import quotas

_TV = re.compile(
    r"smart-?tv|googletv|google tv|android tv|appletv|apple tv|hbbtv|roku|bravia|web0s|webos\.tv"
    r"|tizen.+tv|netcast|viera|crkey|\baft[a-z]+\b",
    re.IGNORECASE,
)
_IOS = re.compile(r"iphone|ipad|ipod", re.IGNORECASE)
_ANDROID = re.compile(r"\bandroid\b", re.IGNORECASE)
_MOBILE = re.compile(
    r"mobi|iphone|ipod|windows phone|blackberry|bb10|opera mini|iemobile", re.IGNORECASE
)
_TABLET = re.compile(r"ipad|tablet|kindle|\bsilk/|playbook", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a viewer is, as far as it is known.

    ``region`` is the second part of a code of ISO 3166-2, such as ``BE`` of ``DE-BE``.
    """

    country_name: str = ""
    region: str = ""
    region_name: str = ""
    city: str = ""
    postal_code: str = ""
    metro_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str = ""
    asn: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and how.

    ``header_names`` are those of the viewer's request as it spelt them, in its order; ``tls`` is
    ``TLSv1.3:TLS_AES_128_GCM_SHA256:fullHandshake`` or empty; ``uri`` and ``querystring`` are as
    the viewer asked for them.
    """

    ip: str
    port: int
    country: str
    protocol: str
    http_version: str
    user_agent: str
    uri: str
    querystring: str
    header_names: tuple[str, ...] = ()
    tls: str = ""
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class Device:
    """What kinds a device is of; it may be of several."""

    android: bool
    desktop: bool
    ios: bool
    mobile: bool
    smart_tv: bool
    tablet: bool


@lru_cache(maxsize=256)
def device(user_agent: str) -> Device:
    """What a ``User-Agent`` says of a device. What says nothing is a desktop."""
    tv = bool(_TV.search(user_agent))
    android = bool(_ANDROID.search(user_agent))
    mobile = not tv and bool(_MOBILE.search(user_agent))
    # Android's own rule: a phone says Mobile, a tablet does not.
    tablet = not tv and (bool(_TABLET.search(user_agent)) or (android and not mobile))
    return Device(
        android=android,
        desktop=not (tv or mobile or tablet),
        ios=bool(_IOS.search(user_agent)),
        mobile=mobile,
        smart_tv=tv,
        tablet=tablet,
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.5f}"


def _order(asker: Asker) -> str:
    return ":".join(asker.header_names)[: quotas.EDGE_HEADER_ORDER_CHARACTERS.value]


def _flag(kind: str) -> Callable[[Asker], str]:
    return lambda asker: str(getattr(device(asker.user_agent), kind)).lower()


def _place(part: str) -> Callable[[Asker], str]:
    def told(asker: Asker) -> str:
        value = getattr(asker.place, part)
        return value if isinstance(value, str) else _number(value)

    return told


_HEADERS: dict[str, Callable[[Asker], str]] = {
    "CloudFront-Is-Android-Viewer": _flag("android"),
    "CloudFront-Is-Desktop-Viewer": _flag("desktop"),
    "CloudFront-Is-IOS-Viewer": _flag("ios"),
    "CloudFront-Is-Mobile-Viewer": _flag("mobile"),
    "CloudFront-Is-SmartTV-Viewer": _flag("smart_tv"),
    "CloudFront-Is-Tablet-Viewer": _flag("tablet"),
    "CloudFront-Viewer-Address": lambda asker: f"{asker.ip}:{asker.port}",
    "CloudFront-Viewer-ASN": _place("asn"),
    "CloudFront-Viewer-Country": lambda asker: asker.country.upper(),
    "CloudFront-Viewer-City": _place("city"),
    "CloudFront-Viewer-Country-Name": _place("country_name"),
    "CloudFront-Viewer-Country-Region": _place("region"),
    "CloudFront-Viewer-Country-Region-Name": _place("region_name"),
    "CloudFront-Viewer-Latitude": _place("latitude"),
    "CloudFront-Viewer-Longitude": _place("longitude"),
    "CloudFront-Viewer-Metro-Code": _place("metro_code"),
    "CloudFront-Viewer-Postal-Code": _place("postal_code"),
    "CloudFront-Viewer-Time-Zone": _place("time_zone"),
    "CloudFront-Viewer-Header-Order": _order,
    "CloudFront-Viewer-Header-Count": lambda asker: str(len(asker.header_names)),
    "CloudFront-Viewer-TLS": lambda asker: asker.tls,
    "CloudFront-Error-Uri": lambda asker: asker.uri,
    "CloudFront-Error-Args": lambda asker: asker.querystring,
    "CloudFront-Forwarded-Proto": lambda asker: asker.protocol,
    "CloudFront-Viewer-Http-Version": lambda asker: asker.http_version.removeprefix("HTTP/"),
}

NAMES = {name.lower(): name for name in _HEADERS}
"""Headers that can be added, by their names in lower case. JA3 and JA4 fingerprints are not among
them: no TLS handshake of a browser reaches the engine."""


def added(asker: Asker, wanted: Collection[str]) -> list[tuple[str, str]]:
    """The headers that are added; what is not known is left out.

    Parameters
    ----------
    wanted
        Names, in lower case.

    Examples
    --------
    >>> asker = Asker("192.0.2.1", 4711, "de", "http", "HTTP/1.1", "curl/8", "/", "")
    >>> added(asker, {"cloudfront-viewer-country", "cloudfront-viewer-address"})
    [('CloudFront-Viewer-Address', '192.0.2.1:4711'), ('CloudFront-Viewer-Country', 'DE')]
    """
    told = []
    for lower, name in NAMES.items():
        if lower in wanted:
            value = _HEADERS[name](asker)
            if value:
                told.append((name, _ascii(value)))
    return told


def _ascii(value: str) -> str:
    """A value whose characters outside ASCII are percent-encoded."""
    return "".join(
        letter if letter.isascii() else "".join(f"%{byte:02X}" for byte in letter.encode())
        for letter in value
    )
