"""Checks that an event is JSON; if not, the error is that of Lambda's own parser (Jackson).

Functions get an event as the bytes that came in; it is only checked here. Large events are not
checked, because decoding megabytes would hold up every other caller. A large event that is not
JSON fails in the runtime, with ``Runtime.UnmarshalError``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from lambda_nb.engine.errors import AWSError

_LOOKED_AT = 65536
_SHOWN = 500
_TOKEN = re.compile(r"[A-Za-z0-9_$]+")
_EXPECTED = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def check(payload: bytes) -> None:
    """Refuse an event that is not JSON.

    Raises
    ------
    AWSError
        ``InvalidRequestContentException``.
    """
    if not payload or len(payload) > _LOOKED_AT:
        return
    try:
        _DECODER.decode(payload.decode())
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":  # Jackson stops at the end of the first value
            raise _refused(_complaint(error, payload)) from None
    except _Constant as constant:
        token = str(constant)
        at = payload.decode().index(token) + len(token) + 1
        raise _refused(_unrecognised(token, payload, 1, at)) from None
    except UnicodeDecodeError as error:
        byte = payload[error.start]
        raise _refused(f"Invalid UTF-8 start byte 0x{byte:x}\n {_source(payload)}") from None
    except RecursionError:
        raise _refused("Document nesting depth exceeds the maximum allowed (1000)") from None


class _Constant(Exception):  # noqa: N818
    pass


def _no_constant(name: str) -> Any:
    raise _Constant(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _refused(complaint: str) -> AWSError:
    return AWSError(
        "InvalidRequestContentException",
        "Could not parse request body into json: Could not parse payload into json: " + complaint,
    )


def _complaint(error: json.JSONDecodeError, payload: bytes) -> str:
    text, at = error.doc, error.pos
    rest = text[at:]
    if not rest.strip():
        line, column = text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1
        return f"Unexpected end-of-input\n {_source(payload, line, column)}"
    token = _TOKEN.match(rest)
    if token and error.msg == "Expecting value":
        return _unrecognised(token[0], payload, error.lineno, error.colno + len(token[0]))
    expected = {
        "Expecting property name enclosed in double quotes": (
            "was expecting double-quote to start field name"
        ),
        "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
        "Expecting ',' delimiter": "was expecting comma to separate entries",
    }.get(error.msg, "expected a valid value " + _EXPECTED)
    character = rest[0]
    place = _source(payload, error.lineno, error.colno + 1)
    return f"Unexpected character ('{character}' (code {ord(character)})): {expected}\n {place}"


def _unrecognised(token: str, payload: bytes, line: int, column: int) -> str:
    place = _source(payload, line, column)
    return f"Unrecognized token '{token}': was expecting {_EXPECTED}\n {place}"


def _source(payload: bytes, line: int | None = None, column: int | None = None) -> str:
    shown = payload[:_SHOWN].decode("utf-8", "replace")
    more = f"[truncated {len(payload) - _SHOWN} bytes]" if len(payload) > _SHOWN else ""
    where = "" if line is None else f"; line: {line}, column: {column}"
    return f'at [Source: (byte[])"{shown}"{more}{where}]'
