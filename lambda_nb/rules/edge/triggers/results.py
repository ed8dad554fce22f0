"""What Lambda@Edge functions may return, and what becomes of it.

CloudFront Developer Guide, lambda-event-structure, lambda-generating-http-responses,
edge-function-restrictions-all and lambda-at-edge-function-restrictions, 2026. All that breaks a
rule is an :class:`~lambda_nb.rules.edge.triggers.invalid_results.InvalidResult`.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lambda_nb.rules import quotas
from lambda_nb.rules.edge.triggers import headers as header_rules
from lambda_nb.rules.edge.triggers.events import (
    ORIGIN_REQUEST,
    VIEWER_REQUEST,
    VIEWER_RESPONSE,
    most_bytes,
)
from lambda_nb.rules.edge.triggers.headers import Pair
from lambda_nb.rules.edge.triggers.invalid_results import (
    BODY,
    NOT_AN_OBJECT,
    NOT_JSON,
    READ_ONLY_FIELD,
    STRUCTURE,
    VALUE,
    InvalidResult,
)
from lambda_nb.rules.edge.triggers.origins import ChosenOrigin, chosen
from lambda_nb.rules.edge.wire_text import NOT_IN_QUERY, percent_encoded

STATUSES = range(200, 600)
"""The statuses that a function may set."""

_HEADER_OVERHEAD = 4
"""Bytes of a header beside its name and value: the colon, the space and the line's end."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class RequestResult(NamedTuple):
    """A request as a function returned it; ``body`` and ``origin`` are ``None`` if they stay."""

    uri: str
    querystring: str
    headers: list[Pair]
    body: bytes | None
    origin: ChosenOrigin | None


class ResponseResult(NamedTuple):
    """A response as a function returned it; ``body`` is ``None`` if it stays as it was.

    ``reason`` is empty if the function gave no ``statusDescription``.
    """

    status: int
    reason: str
    headers: list[Pair]
    body: bytes | None


def returned(payload: bytes) -> dict[str, Any]:
    """The object that a function returned."""
    try:
        result = json.loads(payload)
    except ValueError as error:
        raise InvalidResult(NOT_JSON, f"{error}.") from error
    except RecursionError:
        raise InvalidResult(STRUCTURE, "It is nested too deeply.") from None
    if not isinstance(result, dict):
        found = header_rules.kind(result)
        told = f"It is {found}: the handler must return the request or a response"
        hint = " (an async handler by return, another by callback)." if result is None else "."
        raise InvalidResult(NOT_AN_OBJECT, told + hint)
    return result


def is_response(event: str, result: Mapping[str, Any]) -> bool:
    """Whether the result of a request event is a response, and not the request.

    It is neither if it has no ``status`` and no ``uri``.
    """
    if "status" in result:
        return True
    if "uri" in result:
        return False
    if "Records" in result:
        told = "It is the whole event: return event['Records'][0]['cf']['request']."
    elif "statusCode" in result:
        told = "It has statusCode: the status of a response is in status, as text."
    else:
        told = f"In {event} events it must have uri (a request) or status (a response)."
    raise InvalidResult(STRUCTURE, told)


def request(
    event: str, result: Mapping[str, Any], before: Mapping[str, Any], pairs: Sequence[Pair]
) -> RequestResult:
    """The request that a function returned from a request event.

    Parameters
    ----------
    before
        ``request`` of the event that it got.
    pairs
        The headers of the request, those too that the function did not see.
    """
    missing = [name for name in ("method", "headers") if name not in result]
    if missing:
        raise InvalidResult(STRUCTURE, f"The request lacks {' and '.join(missing)}.")
    for name in ("method", "clientIp"):
        if name in result and result[name] != before[name]:
            told = f"{name} is {result[name]!r} and was {before[name]!r}: leave it as it was."
            raise InvalidResult(READ_ONLY_FIELD, told)
    uri, querystring = result["uri"], result.get("querystring", before["querystring"])
    if uri != before["uri"] or querystring != before["querystring"]:
        uri, querystring = _address(uri, querystring)
    headers = header_rules.changed(event, pairs, before["headers"], result["headers"])
    origin = None
    if event == ORIGIN_REQUEST and "origin" in result:
        names = {name.lower() for name in result["headers"]}
        origin = chosen(result["origin"], before["origin"], names)
    body = None
    given = result.get("body")
    if given is not None and given != before.get("body"):
        body = _request_body(event, given, included="body" in before)
    return RequestResult(uri, querystring, headers, body, origin)


def generated(event: str, result: Mapping[str, Any]) -> ResponseResult:
    """The response that a function made in a request event."""
    status, reason = _status(result["status"]), _reason(result)
    headers = header_rules.generated(event, result.get("headers"))
    body = _response_body(event, result, headers) or b""
    if body and status == 204 and event == VIEWER_REQUEST:
        raise InvalidResult(BODY, "A response with status 204 (No Content) may have no body.")
    return ResponseResult(status, reason, headers, body)


def response(
    event: str, result: Mapping[str, Any], before: Mapping[str, Any], pairs: Sequence[Pair]
) -> ResponseResult:
    """The response that a function returned from a response event.

    Parameters
    ----------
    before
        ``response`` of the event that it got.
    pairs
        The headers of the response, those too that the function did not see.
    """
    if "status" not in result:
        what = "the whole event" if "Records" in result else "no response"
        told = f"It is {what}: return event['Records'][0]['cf']['response'], with its status."
        raise InvalidResult(STRUCTURE, told)
    status, reason = _status(result["status"]), _reason(result)
    given = result.get("headers", {})
    headers = header_rules.changed(event, pairs, before["headers"], given)
    if event == VIEWER_RESPONSE:
        if status != int(before["status"]):
            told = f"status is {status} and was {before['status']}: "
            raise InvalidResult(READ_ONLY_FIELD, told + "viewer-response events cannot change it.")
        if result.get("body") is not None:
            told = "viewer-response events cannot replace the body; origin-response events can."
            raise InvalidResult(BODY, told)
    return ResponseResult(status, reason, headers, _response_body(event, result, headers))


def _address(uri: object, querystring: object) -> tuple[str, str]:
    """URI and query string, percent-encoded where they must be."""
    if not isinstance(uri, str) or not uri.startswith("/"):
        raise InvalidResult(VALUE, f"uri {uri!r} must begin with a slash.")
    if _CONTROL.search(uri):
        raise InvalidResult(VALUE, f"uri {uri!r} has control characters.")
    if not isinstance(querystring, str):
        raise InvalidResult(VALUE, f"querystring {querystring!r} must be a text.")
    bad = NOT_IN_QUERY.search(querystring)
    if bad is not None:
        told = f"querystring has {bad[0]!r}: percent-encode spaces, control characters and #."
        raise InvalidResult(VALUE, told)
    most = quotas.EDGE_URL_CHARACTERS.value
    size = len(uri) + len(querystring) + bool(querystring)
    if size > most:
        told = f"uri and querystring have {size} characters, at most {most} are allowed."
        raise InvalidResult(VALUE, told)
    # A question mark in a query is itself.
    return percent_encoded(uri), "?".join(map(percent_encoded, querystring.split("?")))


def _status(given: object) -> int:
    text = given if isinstance(given, str) else str(given) if type(given) is int else ""
    if not re.fullmatch(r"[0-9]{3}", text) or int(text) not in STATUSES:
        raise InvalidResult(VALUE, f"status {given!r} must be a number from 200 to 599.")
    return int(text)


def _reason(result: Mapping[str, Any]) -> str:
    reason = result.get("statusDescription")
    if reason is None:
        return ""
    if not isinstance(reason, str) or _CONTROL.search(reason):
        raise InvalidResult(VALUE, f"statusDescription {reason!r} must be one line of text.")
    return header_rules.on_the_wire(reason)


def _request_body(event: str, given: object, *, included: bool) -> bytes | None:
    """What a request's body is replaced by; ``None`` if it is not."""
    if not isinstance(given, dict):
        raise InvalidResult(BODY, f"body is {header_rules.kind(given)}, it must be an object.")
    action = given.get("action", "read-only")
    if action not in ("read-only", "replace"):
        raise InvalidResult(BODY, f"body.action {action!r} must be read-only or replace.")
    if action == "read-only":
        return None
    if not included:
        told = "To replace the body, choose Include Body in the function's association."
        raise InvalidResult(BODY, told)
    most = most_bytes(event)
    content = _decoded(given.get("data"), given.get("encoding", "base64"), "body.encoding")
    if len(content) > most:
        told = f"body.data has {len(content)} bytes, in {event} events {most} are allowed."
        raise InvalidResult(BODY, told)
    return content


def _response_body(event: str, result: Mapping[str, Any], headers: Sequence[Pair]) -> bytes | None:
    """The body of a response; ``None`` if the function gave none."""
    given = result.get("body")
    if given is None:
        return None
    content = _decoded(given, result.get("bodyEncoding", "text"), "bodyEncoding")
    most = most_bytes(event)
    size = len(given.encode("utf-8", "replace")) + sum(
        len(name) + len(value) + _HEADER_OVERHEAD for name, value in headers
    )
    if size > most:
        told = f"Headers and body have {size} bytes, in {event} events {most} are allowed."
        raise InvalidResult(BODY, told)
    return content


def _decoded(data: object, encoding: object, name: str) -> bytes:
    if not isinstance(data, str):
        raise InvalidResult(BODY, f"The body is {header_rules.kind(data)}, not a string.")
    if encoding == "text":
        return data.encode("utf-8", "replace")
    if encoding != "base64":
        raise InvalidResult(BODY, f"{name} {encoding!r} must be text or base64.")
    try:
        return b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidResult(BODY, f"The body is not valid base64: {error}.") from error
