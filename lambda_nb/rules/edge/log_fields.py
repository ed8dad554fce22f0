"""The fields of CloudFront's access logs, and how they are written.

Sources: CloudFront Developer Guide, "Standard logging reference", "Configure standard logging
(legacy)" and "Use real-time access logs" (2026). A line has one tab between two fields; a field
that says nothing is a hyphen. Characters that could break a line are percent-encoded, the percent
sign among them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from lambda_nb.rules.quotas import EDGE_LOGGED_HEADER_BYTES, EDGE_URL_BYTES

NOTHING = "-"

STANDARD_FIELDS = (
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem",
    "sc-status", "cs(Referer)", "cs(User-Agent)", "cs-uri-query", "cs(Cookie)",
    "x-edge-result-type", "x-edge-request-id", "x-host-header", "cs-protocol", "cs-bytes",
    "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher", "x-edge-response-result-type",
    "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port", "time-to-first-byte",
    "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start",
    "sc-range-end",
)  # fmt: skip
"""The 33 fields of a standard log (legacy), in their order."""

CMCD_FIELDS = {
    "br": "cmcd-encoded-bitrate",
    "bl": "cmcd-buffer-length",
    "bs": "cmcd-buffer-starvation",
    "cid": "cmcd-content-id",
    "d": "cmcd-object-duration",
    "dl": "cmcd-deadline",
    "mtp": "cmcd-measured-throughput",
    "nor": "cmcd-next-object-request",
    "nrr": "cmcd-next-range-request",
    "ot": "cmcd-object-type",
    "pr": "cmcd-playback-rate",
    "rtp": "cmcd-requested-maximum-throughput",
    "sf": "cmcd-streaming-format",
    "sid": "cmcd-session-id",
    "st": "cmcd-stream-type",
    "su": "cmcd-startup",
    "tb": "cmcd-top-bitrate",
    "v": "cmcd-version",
}
"""What media players say of themselves, by CTA-5004's keys."""

REALTIME_FIELDS = (
    "timestamp", "c-ip", "s-ip", "time-to-first-byte", "sc-status", "sc-bytes", "cs-method",
    "cs-protocol", "cs-host", "cs-uri-stem", "cs-bytes", "x-edge-location", "x-edge-request-id",
    "x-host-header", "time-taken", "cs-protocol-version", "c-ip-version", "cs-user-agent",
    "cs-referer", "cs-cookie", "cs-uri-query", "x-edge-response-result-type", "x-forwarded-for",
    "ssl-protocol", "ssl-cipher", "x-edge-result-type", "fle-encrypted-fields", "fle-status",
    "sc-content-type", "sc-content-len", "sc-range-start", "sc-range-end", "c-port",
    "x-edge-detailed-result-type", "c-country", "cs-accept-encoding", "cs-accept",
    "cache-behavior-path-pattern", "cs-headers", "cs-header-names", "cs-headers-count",
    "primary-distribution-id", "primary-distribution-dns-name", "origin-fbl", "origin-lbl", "asn",
    *CMCD_FIELDS.values(),
    "r-host", "sr-reason", "x-edge-mqcs", "distribution-tenant-id", "connection-id",
    "viewer-request-log-data", "viewer-response-log-data",
)  # fmt: skip
"""The fields of real-time logs, in the order of every record, whichever of them are chosen."""

SHORTENED = {"cs-cookie": 800, "cs-headers": 800, "cs-header-names": 800}
"""Bytes at which these fields of real-time logs end."""

HEAD = f"#Version: 1.0\n#Fields: {' '.join(STANDARD_FIELDS)}\n"
"""The two lines at the top of a standard log."""

_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNSAFE = frozenset("<>\"#%{}|\\^~[]`'")
_ESCAPES = str.maketrans(
    {chr(code): f"%{code:02X}" for code in range(256) if code <= 32 or code >= 127}
    | {sign: f"%{ord(sign):02X}" for sign in _UNSAFE}
)


@lru_cache(maxsize=512)  # most values of a line stand in the line before it too
def encoded(text: str) -> str:
    """A value as it stands in a log: percent-encoded where needed, a hyphen if it is empty.

    Examples
    --------
    >>> encoded("Mozilla/5.0 (X11; 100%)"), encoded("")
    ('Mozilla/5.0%20(X11;%20100%25)', '-')
    """
    if not text:
        return NOTHING
    if text.isascii():
        return text.translate(_ESCAPES)
    # Bytes of UTF-8, each as one character, so that one table serves.
    return text.encode("utf-8", "surrogateescape").decode("latin-1").translate(_ESCAPES)


def standard_line(values: Mapping[str, str]) -> str:
    """One line of a standard log, with its end; a field without a value is a hyphen."""
    return "\t".join([encoded(values.get(name, "")) for name in STANDARD_FIELDS]) + "\n"


def realtime_order(chosen: Collection[str]) -> tuple[str, ...]:
    """The chosen fields in the order of every record; names that are no fields are left out."""
    return tuple(name for name in REALTIME_FIELDS if name in chosen)


def realtime_line(values: Mapping[str, str], fields: Sequence[str]) -> str:
    """One record of a real-time log, with its end, of fields in their order."""
    told = []
    for name in fields:
        value = encoded(values.get(name, ""))
        most = SHORTENED.get(name)
        told.append(value if most is None else value[:most])
    return "\t".join(told) + "\n"


def is_logged(url_bytes: int, header_bytes: int) -> bool:
    """Whether a request of these sizes, with its cookies, is in standard logs at all."""
    return url_bytes <= EDGE_URL_BYTES.value and header_bytes <= EDGE_LOGGED_HEADER_BYTES.value


def file_key(prefix: str, distribution: str, hour: str, unique: str) -> str:
    """The key of a standard log's file.

    Parameters
    ----------
    prefix
        As configured; a slash is put at its end if there is none.
    distribution
        Its id.
    hour
        In which its requests ended, UTC: ``YYYY-MM-DD-HH``.
    unique
        Tells files of one hour apart.

    Examples
    --------
    >>> file_key("logs", "EMLARXS9EXAMPLE", "2019-11-14-20", "RT4KCN4SGK9")
    'logs/EMLARXS9EXAMPLE.2019-11-14-20.RT4KCN4SGK9.gz'
    """
    folder = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    return f"{folder}{distribution}.{hour}.{unique}.gz"


def cmcd_values(querystring: str, headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What a media player says of itself: in the parameter ``CMCD``, or in headers ``CMCD-*``.

    Examples
    --------
    >>> cmcd_values("a=1&CMCD=br%3D3200%2Csid%3D%22x%22%2Csu", [])
    {'cmcd-encoded-bitrate': '3200', 'cmcd-session-id': 'x', 'cmcd-startup': 'true'}
    """
    told = [value for name, value in headers if name.lower().startswith("cmcd-")]
    for part in querystring.split("&"):
        name, _, value = part.partition("=")
        if name == "CMCD":
            told.append(_decoded(value))
    found = {}
    for pair in ",".join(told).split(","):
        key, given, value = pair.strip().partition("=")
        if key in CMCD_FIELDS:
            found[CMCD_FIELDS[key]] = value.strip('"') if given else "true"
    return found


def _decoded(text: str) -> str:
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text.encode())
    return plain.decode("utf-8", "replace")
