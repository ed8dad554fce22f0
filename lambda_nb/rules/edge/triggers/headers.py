"""Headers in Lambda@Edge events: which a function sees, and which it may change.

CloudFront Developer Guide, edge-function-restrictions-all, lambda-event-structure and
lambda-at-edge-function-restrictions, 2026. Names and values are pairs of text as they are on the
wire, one character a byte; functions see UTF-8.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from lambda_nb.rules.edge.triggers.invalid_results import (
    DISALLOWED_HEADER,
    HEADER_NOT_A_LIST,
    HEADER_SHAPE,
    READ_ONLY_HEADER,
    VALUE,
    InvalidResult,
)
from lambda_nb.rules.edge.wire_text import HEADER_NAME, NOT_IN_VALUES

Pair = tuple[str, str]

Shown = dict[str, list[dict[str, str]]]
"""Headers as events have them: by name in lower case, each a list of ``key`` and ``value``."""

DISALLOWED = frozenset({
    "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization",
    "proxy-connection", "trailer", "upgrade", "x-accel-buffering", "x-accel-charset",
    "x-accel-limit-rate", "x-accel-redirect", "x-amzn-auth", "x-amzn-cf-billing", "x-amzn-cf-id",
    "x-amzn-cf-xff", "x-amzn-errortype", "x-amzn-fle-profile", "x-amzn-header-count",
    "x-amzn-header-order", "x-amzn-lambda-integration-tag", "x-amzn-requestid", "x-cache",
    "x-forwarded-proto", "x-real-ip", "cloudfront-viewer-cert-pem", "client-cert",
    "client-cert-chain",
})  # fmt: skip
"""Headers that functions do not see and may not add."""

DISALLOWED_PREFIXES = ("x-amz-cf-", "x-edge-")

READ_ONLY: Mapping[str, frozenset[str]] = {
    "viewer-request": frozenset({"cdn-loop", "content-length", "host", "transfer-encoding", "via"}),
    "origin-request": frozenset({
        "accept-encoding", "cdn-loop", "content-length", "if-modified-since", "if-none-match",
        "if-range", "if-unmodified-since", "transfer-encoding", "via",
    }),
    "origin-response": frozenset({"transfer-encoding", "via"}),
    "viewer-response": frozenset({
        "warning", "via", "content-length", "content-encoding", "transfer-encoding",
    }),
}  # fmt: skip
"""Headers that a function may neither add nor change nor delete, by its event."""

VIEWER_COUNTRY = "cloudfront-viewer-country"
"""CloudFront adds it after the viewer-request event; a function that adds it there fails."""


def is_disallowed(name: str) -> bool:
    """Whether functions do not see a header, whose name is in lower case.

    Examples
    --------
    >>> is_disallowed("x-edge-location"), is_disallowed("accept")
    (True, False)
    """
    return name in DISALLOWED or name.startswith(DISALLOWED_PREFIXES)


def shown(pairs: Iterable[Pair]) -> Shown:
    """Headers as an event has them. Several ``Cookie`` headers become one.

    Examples
    --------
    >>> shown([("Accept", "*/*"), ("Connection", "close")])
    {'accept': [{'key': 'Accept', 'value': '*/*'}]}
    """
    headers: Shown = {}
    for name, value in pairs:
        lower = name.lower()
        if is_disallowed(lower):
            continue
        text = value if value.isascii() else as_unicode(value)
        entries = headers.get(lower)
        if entries is None:
            headers[lower] = [{"key": name, "value": text}]
        elif lower == "cookie":
            entries[0]["value"] += f"; {text}"
        else:
            entries.append({"key": name, "value": text})
    return headers


def changed(event: str, pairs: Sequence[Pair], before: Shown, returned: object) -> list[Pair]:
    """The headers after a function has returned its own.

    What it left as it was keeps its place and its bytes; what it did not see stays.

    Parameters
    ----------
    pairs
        The headers before.
    before
        The same as the event showed them.
    returned
        ``headers`` of what the function returned.

    Raises
    ------
    InvalidResult
        They have a bad shape, or a header that may not be changed.
    """
    if returned == before:
        return list(pairs)
    after = lines(returned)
    _refuse_disallowed(after)
    for name in READ_ONLY[event]:
        _refuse_change(name, event, before, after)
    if event == "viewer-request" and VIEWER_COUNTRY in after:
        _refuse_change(VIEWER_COUNTRY, event, before, after)
    same = {
        name
        for name, new in after.items()
        if [(entry["key"], entry["value"]) for entry in before.get(name, ())] == new
    }
    kept = [pair for pair in pairs if (name := pair[0].lower()) in same or is_disallowed(name)]
    return kept + [
        (key, on_the_wire(value))
        for name, new in after.items()
        if name not in same
        for key, value in new
    ]


def generated(event: str, returned: object) -> list[Pair]:
    """The headers of a response that a function made; none if it gave none.

    Raises
    ------
    InvalidResult
        As :func:`changed`; a read-only header of the event may not be there.
    """
    return changed(event, (), {}, {} if returned is None else returned)


def lines(returned: object) -> dict[str, list[Pair]]:
    """Names in lower case, each with its lines of key and value, from an object of headers.

    Raises
    ------
    InvalidResult
        It has a bad shape, or text that cannot be in a header.
    """
    if not isinstance(returned, dict):
        found = f"headers is {kind(returned)}: return an object of arrays by header name."
        raise InvalidResult(HEADER_SHAPE, found)
    after: dict[str, list[Pair]] = {}
    for name, entries in returned.items():
        if not isinstance(entries, list):
            found = f"{name} is {kind(entries)}: return [{{'key': ..., 'value': ...}}]."
            raise InvalidResult(HEADER_NOT_A_LIST, found)
        found_lines = after.setdefault(name.lower(), [])
        for entry in entries:
            found_lines.extend(_entry(name, entry))
    return after


def _entry(name: str, entry: object) -> Iterable[Pair]:
    """The lines of one entry: its ``value`` may be a list of texts."""
    if not isinstance(entry, dict):
        found = f"an entry of {name} is {kind(entry)}: make it {{'key': ..., 'value': ...}}."
        raise InvalidResult(HEADER_SHAPE, found)
    key = entry.get("key")
    if key is None:
        key = capitalised(name)
    elif not isinstance(key, str) or key.lower() != name.lower():
        found = f"the key {key!r} stands under {name!r}: it must be the same name."
        raise InvalidResult(HEADER_SHAPE, found)
    if HEADER_NAME.fullmatch(key) is None:
        raise InvalidResult(VALUE, f"{key!r} cannot be the name of a header.")
    value = entry.get("value")
    values = value if isinstance(value, list) else [value]
    for text in values:
        if not isinstance(text, str):
            found = (
                f"the value of {name} is {kind(text)}: the value of each header must be of "
                "string or array of string type."
            )
            raise InvalidResult(HEADER_SHAPE, found)
        bad = NOT_IN_VALUES.search(text)
        if bad is not None:
            code = f"%{ord(bad[0]):02X}"
            raise InvalidResult(VALUE, f"Invalid character {code} in the value of {key}.")
        yield key, text


def _refuse_disallowed(names: Iterable[str]) -> None:
    for name in names:
        if is_disallowed(name):
            raise InvalidResult(DISALLOWED_HEADER, f"Do not return {name}: CloudFront sets it.")


def _refuse_change(
    name: str, event: str, before: Shown, after: Mapping[str, Collection[Pair]]
) -> None:
    old = [entry["value"] for entry in before.get(name, ())]
    new = [value for _, value in after.get(name, ())]
    if old == new:
        return
    was, made = repr(", ".join(old)), repr(", ".join(new))
    if not old:
        told = f"add {name} (as {made}): leave it out"
    elif new:
        told = f"change {name} from {was} to {made}: leave it as it was"
    else:
        told = f"delete {name}, which was {was}: leave it as it was"
    told = f"In {event} events functions may not {told}."
    raise InvalidResult(READ_ONLY_HEADER, told)


def capitalised(name: str) -> str:
    """A name as Lambda@Edge writes it where a function gave no ``key``.

    Examples
    --------
    >>> capitalised("content-TYPE")
    'Content-Type'
    """
    return "-".join(part.capitalize() for part in name.split("-"))


def as_unicode(text: str) -> str:
    """Bytes of the wire as a function sees them: UTF-8, or ISO-8859-1 if they are not.

    Examples
    --------
    >>> as_unicode("gr\\xc3\\xbcn"), as_unicode("gr\\xfcn")
    ('grün', 'grün')
    """
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def on_the_wire(text: str) -> str:
    """A function's text as bytes of the wire, UTF-8, one character a byte."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("latin-1")


def kind(value: Any) -> str:
    """What a value of JSON is, in words.

    Examples
    --------
    >>> kind([]), kind(None)
    ('an array', 'null')
    """
    if value is None:
        return "null"
    kinds = {bool: "a boolean", str: "a string", list: "an array", dict: "an object"}
    return kinds.get(type(value), "a number")
