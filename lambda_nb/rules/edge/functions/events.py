"""Events of CloudFront Functions: how requests and responses look to a function.

CloudFront Developer Guide, functions-event-structure, 2026. Names and values are pairs of text as
they are on the wire, one character a byte; functions see UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from lambda_nb.rules.edge.triggers.headers import as_unicode, is_disallowed

Pair = tuple[str, str]
Entry = dict[str, Any]
"""``value``, ``attributes`` of a response's cookie, and ``multiValue`` if there are more."""
Fields = dict[str, Entry]
Kind = Literal["viewer-request", "viewer-response"]

VERSION = "1.0"
"""Of the event's structure."""


def event(
    kind: Kind,
    *,
    domain: str,
    distribution: str,
    request_id: str,
    ip: str,
    request: Entry,
    response: Entry | None = None,
) -> dict[str, Any]:
    """A whole event.

    Parameters
    ----------
    domain, distribution
        The distribution's domain name, as CloudFront's API states it, and its id.
    ip
        Of the viewer.
    request, response
        What :func:`request_fields` and :func:`response_fields` made.
    """
    context = {
        "distributionDomainName": domain,
        "distributionId": distribution,
        "eventType": kind,
        "requestId": request_id,
    }
    made = {"version": VERSION, "context": context, "viewer": {"ip": ip}, "request": request}
    if response is not None:
        made["response"] = response
    return made


def request_fields(method: str, uri: str, querystring: str, headers: Sequence[Pair]) -> Entry:
    """``request`` of an event; cookies stand by themselves, not among the headers.

    Examples
    --------
    >>> made = request_fields("GET", "/a", "x=1&x=2&y", [("Host", "h"), ("Cookie", "c=3")])
    >>> made["headers"], made["cookies"]
    ({'host': {'value': 'h'}}, {'c': {'value': '3'}})
    >>> made["querystring"]["x"]
    {'value': '1', 'multiValue': [{'value': '1'}, {'value': '2'}]}
    >>> made["querystring"]["y"]
    {'value': ''}
    """
    return {
        "method": method,
        "uri": shown(uri),
        "querystring": query_fields(shown(querystring)),
        "headers": header_fields(headers, "cookie"),
        "cookies": _collected(
            cookie
            for name, value in headers
            if name.lower() == "cookie"
            for cookie in _cookies(shown(value))
        ),
    }


def response_fields(status: int, reason: str, headers: Sequence[Pair]) -> Entry:
    """``response`` of an event, without a body: functions never see one.

    Examples
    --------
    >>> made = response_fields(200, "OK", [("Set-Cookie", "a=1; Path=/; Secure")])
    >>> made["cookies"]
    {'a': {'value': '1', 'attributes': 'Path=/; Secure'}}
    """
    return {
        "statusCode": status,
        "statusDescription": reason,
        "headers": header_fields(headers, "set-cookie"),
        "cookies": _collected(
            _set_cookie(shown(value)) for name, value in headers if name.lower() == "set-cookie"
        ),
    }


def header_fields(headers: Iterable[Pair], cookies: str) -> Fields:
    """Headers by their names in lower case, without cookies and those no function may see."""
    return _collected(
        (lower, {"value": shown(value)})
        for name, value in headers
        if (lower := name.lower()) != cookies and not is_disallowed(lower)
    )


def query_fields(querystring: str) -> Fields:
    """The parameters of a query string by their names: percent-encoded, as they came."""
    return _collected(
        (name, {"value": value})
        for part in querystring.split("&")
        if part
        for name, _, value in [part.partition("=")]
    )


def shown(text: str) -> str:
    """Text of the wire as a function sees it."""
    return text if text.isascii() else as_unicode(text)


def _cookies(header: str) -> Iterable[tuple[str, Entry]]:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name:
            yield name, {"value": value}


def _set_cookie(header: str) -> tuple[str, Entry]:
    pair, _, attributes = header.partition(";")
    name, _, value = pair.strip().partition("=")
    entry = {"value": value}
    if attributes.strip():
        entry["attributes"] = attributes.strip()
    return name, entry


def _collected(entries: Iterable[tuple[str, Entry]]) -> Fields:
    """Entries by name; a second one of a name makes ``multiValue``."""
    fields: Fields = {}
    for name, entry in entries:
        first = fields.get(name)
        if first is None:
            fields[name] = entry
        elif "multiValue" in first:
            first["multiValue"].append(entry)
        else:
            first["multiValue"] = [dict(first), entry]
    return fields
