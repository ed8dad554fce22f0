"""What a CloudFront Function returned, checked and applied.

CloudFront Developer Guide, functions-event-structure and edge-function-restrictions-all, 2026.
What a function left as it was stays byte for byte; what it changed is written anew.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lambda_nb.rules.edge.functions.events import Entry, Fields, Pair
from lambda_nb.rules.edge.functions.invalid_values import InvalidValue
from lambda_nb.rules.edge.triggers.headers import (
    READ_ONLY,
    capitalised,
    is_disallowed,
    kind,
    on_the_wire,
)
from lambda_nb.rules.edge.wire_text import (
    HEADER_NAME,
    NOT_IN_QUERY,
    NOT_IN_VALUES,
    percent_encoded,
)
from lambda_nb.rules.quotas import EDGE_URL_CHARACTERS

STATUSES = range(200, 600)

READ_ONLY_REQUEST = READ_ONLY["viewer-request"]
READ_ONLY_RESPONSE = frozenset({"warning", "via"})
"""Of the viewer-response event: fewer than for Lambda@Edge."""

_FRAMING = ("content-length", "transfer-encoding")


class RequestResult(NamedTuple):
    """A request as a function left it."""

    uri: str
    querystring: str
    headers: list[Pair]


class ResponseResult(NamedTuple):
    """A response as a function made it or left it; ``body`` is ``None`` if it set none."""

    status: int
    reason: str
    headers: list[Pair]
    body: bytes | None


def is_response(result: object) -> bool:
    """Whether a viewer-request function answered in the origin's place."""
    return isinstance(result, Mapping) and "statusCode" in result


def request(
    method: str,
    uri: str,
    querystring: str,
    headers: Sequence[Pair],
    before: Entry,
    result: object,
) -> RequestResult:
    """The request after a viewer-request function.

    Parameters
    ----------
    method, uri, querystring, headers
        The request before, as on the wire.
    before
        The same as the event showed it.
    result
        What the function returned.

    Raises
    ------
    InvalidValue
        It may not be so.
    """
    after = _object(result, "the result", "return event.request, or a response with a statusCode")
    if after.get("method") != method:
        raise InvalidValue(f"request.method is read-only: it is {method!r}. Leave it as it was.")
    if after.get("uri") != before["uri"]:
        uri = _path(after.get("uri"))
    asked = after.get("querystring", {})
    if asked != before["querystring"]:
        querystring = _query(asked, before["querystring"])
    if len(uri) + len(querystring) + 1 > EDGE_URL_CHARACTERS.value:
        raise InvalidValue(
            f"request.uri and request.querystring have {len(uri) + len(querystring) + 1} "
            f"characters; at most {EDGE_URL_CHARACTERS.value} are allowed."
        )
    told = _fields(after.get("headers", {}), "request.headers")
    _check_headers(told, before["headers"], "request.headers", READ_ONLY_REQUEST, "cookie")
    made = _merged(headers, before["headers"], told)
    cookies = _fields(after.get("cookies", {}), "request.cookies")
    if cookies != before["cookies"]:
        parts = [
            f"{_cookie_name(name)}={_text(entry['value'], f'request.cookies.{name}')}"
            for name, field in cookies.items()
            for entry in _entries(before["cookies"].get(name), field)
        ]
        made = [pair for pair in made if pair[0].lower() != "cookie"]
        if parts:
            made.append(("Cookie", on_the_wire("; ".join(parts))))
    return RequestResult(uri, querystring, made)


def generated(result: object) -> ResponseResult:
    """The response that a viewer-request function made.

    Raises
    ------
    InvalidValue
        It may not be so.
    """
    return response((), {"headers": {}, "cookies": {}}, result)


def response(headers: Sequence[Pair], before: Entry, result: object) -> ResponseResult:
    """The response after a viewer-response function.

    Parameters
    ----------
    headers
        Those before, as on the wire.
    before
        The response as the event showed it.
    result
        What the function returned.

    Raises
    ------
    InvalidValue
        It may not be so.
    """
    after = _object(result, "the result", "return event.response, or one like it")
    status = after.get("statusCode")
    if not isinstance(status, int) or isinstance(status, bool) or status not in STATUSES:
        raise InvalidValue(
            f"response.statusCode is {status!r}: it must be a whole number from 200 to 599."
        )
    reason = after.get("statusDescription", "")
    if not isinstance(reason, str) or NOT_IN_VALUES.search(reason):
        raise InvalidValue(
            f"response.statusDescription is {reason!r}: it must be one line of text."
        )
    told = _fields(after.get("headers", {}), "response.headers")
    _check_headers(told, before["headers"], "response.headers", READ_ONLY_RESPONSE, "set-cookie")
    made = _merged(headers, before["headers"], told)
    cookies = _fields(after.get("cookies", {}), "response.cookies")
    if cookies != before["cookies"]:
        made = [pair for pair in made if pair[0].lower() != "set-cookie"]
        made += [
            ("Set-Cookie", on_the_wire(_set_cookie(name, entry)))
            for name, field in cookies.items()
            for entry in _entries(before["cookies"].get(name), field)
        ]
    body = _body(after["body"]) if "body" in after else None
    if body is not None:  # its length is known better than the function can say it
        made = [pair for pair in made if pair[0].lower() not in _FRAMING]
        if body and status in (204, 304):
            raise InvalidValue(f"response.body is not empty: a response of {status} has none.")
    return ResponseResult(status, on_the_wire(reason), made, body)


def _object(value: object, where: str, instead: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        found = "undefined or null" if value is None else kind(value)
        raise InvalidValue(f"{where} is {found}: {instead}.")
    return value


def _fields(value: object, where: str) -> Fields:
    """An object of entries, their shapes checked."""
    fields = _object(value, where, "make it an object of {value: ...} by name")
    for name, field in fields.items():
        entry = _object(field, f"{where}[{name!r}]", "make it {value: ...}")
        _text(entry.get("value"), f"{where}[{name!r}].value")
        several = entry.get("multiValue", [])
        if not isinstance(several, list):
            raise InvalidValue(f"{where}[{name!r}].multiValue is {kind(several)}, not an array.")
        for one in several:
            _text(
                _object(
                    one, f"an item of {where}[{name!r}].multiValue", "make it {value: ...}"
                ).get("value"),
                f"a value of {where}[{name!r}].multiValue",
            )
    return dict(fields)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"{where} is {kind(value)}, not a string.")
    bad = NOT_IN_VALUES.search(value)
    if bad is not None:
        raise InvalidValue(f"{where} has the character %{ord(bad[0]):02X}: take it out.")
    return value


def _check_headers(
    after: Fields, before: Fields, where: str, read_only: frozenset[str], cookies: str
) -> None:
    for name in after:
        if name != name.lower():
            raise InvalidValue(f"{where} must have header names in lower case: {name!r}.")
        if HEADER_NAME.fullmatch(name) is None:
            raise InvalidValue(f"{where} has {name!r}, which cannot be the name of a header.")
        if is_disallowed(name):
            raise InvalidValue(f"{where} has {name}, which CloudFront sets: take it out.")
        if name == cookies:
            held = where.partition(".")[0]
            raise InvalidValue(f"{where} has {name}: put cookies into {held}.cookies.")
    for name in read_only:
        if after.get(name) != before.get(name):
            done = "added" if name not in before else "changed" if name in after else "deleted"
            raise InvalidValue(f"{where}.{name} is read-only and was {done}: leave it as it was.")


def _merged(pairs: Sequence[Pair], before: Fields, after: Fields) -> list[Pair]:
    """Headers after a function: its changes in their places, what it added at the end."""
    if after == before:
        return list(pairs)
    made: list[Pair] = []
    written: set[str] = set()
    for pair in pairs:
        name = pair[0].lower()
        if name not in before or after.get(name) == before[name]:
            made.append(pair)
        elif name in after and name not in written:
            written.add(name)
            made.extend(_lines(name, before[name], after[name]))
    for name, field in after.items():
        if name not in before:
            made.extend(_lines(name, None, field))
    return made


def _lines(name: str, before: Entry | None, after: Entry) -> list[Pair]:
    spelt = capitalised(name) if name.isascii() else on_the_wire(name)
    return [(spelt, on_the_wire(entry["value"])) for entry in _entries(before, after)]


def _entries(before: Entry | None, after: Entry) -> list[Entry]:
    """The entries that a field stands for: a changed ``multiValue``, or ``value`` and the rest."""
    several: list[Entry] = after.get("multiValue") or []
    if several and (before is None or several != before.get("multiValue")):
        return several
    return [after, *several[1:]]


def _cookie_name(name: str) -> str:
    if not name or re.search(r"[\x00-\x20\x7f=;,]", name):
        raise InvalidValue(f"{name!r} cannot be the name of a cookie.")
    return name


def _set_cookie(name: str, entry: Entry) -> str:
    where = f"response.cookies[{name!r}]"
    made = f"{_cookie_name(name)}={_text(entry['value'], f'{where}.value')}"
    attributes = _text(entry.get("attributes", ""), f"{where}.attributes")
    return f"{made}; {attributes}" if attributes else made


def _path(uri: object) -> str:
    if not isinstance(uri, str) or not uri.startswith("/"):
        raise InvalidValue(f"request.uri is {uri!r}: it must begin with a slash.")
    return percent_encoded(uri)


def _query(given: object, before: Fields) -> str:
    if isinstance(given, str):
        text = given
    else:
        text = "&".join(
            f"{name}={entry['value']}"
            for name, field in _fields(given, "request.querystring").items()
            for entry in _entries(before.get(name), field)
        )
    bad = NOT_IN_QUERY.search(text)
    if bad is not None:
        raise InvalidValue(
            f"request.querystring has the character %{ord(bad[0]):02X}: percent-encode it."
        )
    return on_the_wire(text)


def _body(given: object) -> bytes:
    if isinstance(given, str):
        return given.encode("utf-8", "replace")
    body = _object(given, "response.body", "make it a string, or {encoding: ..., data: ...}")
    data, encoding = body.get("data", ""), body.get("encoding", "text")
    if not isinstance(data, str):
        raise InvalidValue(f"response.body.data is {kind(data)}, not a string.")
    if encoding == "text":
        return data.encode("utf-8", "replace")
    if encoding != "base64":
        raise InvalidValue(f"response.body.encoding is {encoding!r}: it must be text or base64.")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidValue(f"response.body.data is not valid base64: {error}.") from error
