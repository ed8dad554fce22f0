"""When CloudFront compresses an object, and what its headers say then.

CloudFront Developer Guide, "Serve compressed files", 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from lambda_nb.rules import quotas

Encoding = Literal["br", "gzip"]

COMPRESSIBLE = frozenset({
    "application/dash+xml", "application/eot", "application/font", "application/font-sfnt",
    "application/javascript", "application/json", "application/opentype", "application/otf",
    "application/pdf", "application/pkcs7-mime", "application/protobuf", "application/rss+xml",
    "application/truetype", "application/ttf", "application/vnd.apple.mpegurl",
    "application/vnd.mapbox-vector-tile", "application/vnd.ms-fontobject", "application/wasm",
    "application/xhtml+xml", "application/xml", "application/x-font-opentype",
    "application/x-font-truetype", "application/x-font-ttf", "application/x-httpd-cgi",
    "application/x-javascript", "application/x-mpegurl", "application/x-opentype",
    "application/x-otf", "application/x-perl", "application/x-ttf", "font/eot", "font/opentype",
    "font/otf", "font/ttf", "image/svg+xml", "text/css", "text/csv", "text/html",
    "text/javascript", "text/js", "text/plain", "text/richtext", "text/tab-separated-values",
    "text/xml", "text/x-component", "text/x-java-source", "text/x-script", "vnd.apple.mpegurl",
})  # fmt: skip
"""Media types that are compressed (same page, "File types that CloudFront compresses")."""

COMPRESSED_STATUSES = frozenset({200, 403, 404})

_LENGTH = re.compile(r"\d{1,15}", re.ASCII)
_NO_QUALITY = re.compile(r"q=0(?:\.0{0,3})?", re.IGNORECASE)


def accepted(values: Iterable[str], *, gzip: bool, brotli: bool) -> tuple[Encoding, ...]:
    """The formats that a viewer takes and the cache policy enables, the better one first.

    Joined with a comma it is the normalised ``Accept-Encoding`` of the cache key and the origin.

    Parameters
    ----------
    values
        The viewer's ``Accept-Encoding`` headers.
    gzip, brotli
        ``EnableAcceptEncodingGzip`` and ``EnableAcceptEncodingBrotli`` of the cache policy.

    Examples
    --------
    >>> accepted(["gzip, deflate", "br;q=0.9"], gzip=True, brotli=True)
    ('br', 'gzip')
    >>> accepted(["gzip;q=0, br"], gzip=True, brotli=False)
    ()
    """
    named = set()
    for item in ",".join(values).split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        if not any(_NO_QUALITY.fullmatch(parameter) for parameter in parameters):
            named.add(coding.lower())
    found: list[Encoding] = []
    if brotli and "br" in named:
        found.append("br")
    if gzip and "gzip" in named:
        found.append("gzip")
    return tuple(found)


def choice(
    formats: tuple[Encoding, ...],
    *,
    compress: bool,
    http_version: str,
    status: int,
    headers: Iterable[tuple[str, str]],
) -> Encoding | None:
    """How an origin's response is compressed; ``None`` if it stays as it is.

    Parameters
    ----------
    formats
        What :func:`accepted` found.
    compress
        ``Compress`` of the cache behaviour.
    http_version
        Of the viewer's request, such as ``HTTP/1.1``: nothing is compressed for ``HTTP/1.0``.
    status, headers
        Of the response.
    """
    if not (compress and formats and status in COMPRESSED_STATUSES) or http_version == "HTTP/1.0":
        return None
    told = {name.lower(): value.strip() for name, value in headers}
    if "content-encoding" in told:
        return None
    if told.get("content-type", "").partition(";")[0].strip().lower() not in COMPRESSIBLE:
        return None
    length = told.get("content-length", "")
    if not _LENGTH.fullmatch(length):
        return None
    least, most = quotas.EDGE_COMPRESSED_MIN_BYTES.value, quotas.EDGE_COMPRESSED_MAX_BYTES.value
    return formats[0] if least <= int(length) <= most else None


def weak_etag(etag: str) -> str | None:
    """The entity tag of a compressed object; ``None`` if the header goes because it was invalid.

    Examples
    --------
    >>> weak_etag('"a"'), weak_etag('W/"a"'), weak_etag("a")
    ('W/"a"', 'W/"a"', None)
    """
    if etag.startswith("W/"):
        return etag
    if len(etag) > 1 and etag.startswith('"') and etag.endswith('"'):
        return f"W/{etag}"
    return None


def compressed_headers(
    headers: Iterable[tuple[str, str]], encoding: Encoding
) -> list[tuple[str, str]]:
    """A response's headers once its body is compressed.

    The length is not known any more, and parts of the body cannot be asked for as it comes.
    """
    kept = []
    vary = []
    for name, value in headers:
        lower = name.lower()
        if lower == "etag":
            weak = weak_etag(value)
            if weak is not None:
                kept.append((name, weak))
        elif lower == "vary":
            vary.append(value)
        elif lower not in ("content-length", "accept-ranges"):
            kept.append((name, value))
    kept.append(("Content-Encoding", encoding))
    fields = [field.strip().lower() for value in vary for field in value.split(",")]
    if "*" not in fields and "accept-encoding" not in fields:
        vary.append("Accept-Encoding")
    kept.append(("Vary", ", ".join(vary)))
    return kept
