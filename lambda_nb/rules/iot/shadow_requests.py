"""Requests to the Device Shadow service, read, and its errors.

AWS IoT Developer Guide, device-shadow-document and device-shadow-error-messages, 2026; quotas: AWS
General Reference, iot-core, 2026.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

MOST_LEVELS = 8
"""Levels of names inside ``desired`` or ``reported`` (iot-core quotas, 2026)."""

LONGEST_TOKEN = 64
"""Bytes of a client token (device-shadow-document, "Client tokens", 2026)."""

SECTIONS = ("desired", "reported")


class ShadowError(Exception):
    """A request to the shadow service that is rejected.

    Parameters
    ----------
    code
        The HTTP status that says why.
    message
        AWS's text.
    client_token
        That of the request, if it could be read.
    """

    def __init__(self, code: int, message: str, client_token: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.client_token = client_token


class Request(NamedTuple):
    """An update, read: ``state`` is ``None`` to clear the shadow."""

    state: dict[str, Any] | None
    version: int | None = None
    client_token: str | None = None


def read_token(payload: bytes) -> str | None:
    """The client token of a request without a document, such as a GET; ``None`` without one.

    Raises
    ------
    ShadowError
        The token is no text, or is too long.
    """
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return _token(document) if isinstance(document, dict) else None


def read_request(payload: bytes) -> Request:
    """Read the payload of an update.

    Raises
    ------
    ShadowError
        It is no valid request.
    """
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise ShadowError(
            415, "Unsupported documented encoding; supported encoding is UTF-8"
        ) from None
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ShadowError(400, "Invalid JSON") from None
    if not isinstance(document, dict):
        raise ShadowError(400, "Invalid JSON")
    token = _token(document)
    try:
        return Request(_state(document), _version(document), token)
    except ShadowError as error:
        error.client_token = token
        raise


def not_found(thing: str, name: str | None, client_token: str | None = None) -> ShadowError:
    """The error of a shadow that is not there, whether or not its thing is."""
    called = thing if name is None else f"{thing}~{name}"
    return ShadowError(404, f"No shadow exists with name: '{called}'", client_token)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _token(document: Mapping[str, Any]) -> str | None:
    token = document.get("clientToken")
    if token is None:
        return None
    if not isinstance(token, str) or len(token.encode("utf-8", "replace")) > LONGEST_TOKEN:
        raise ShadowError(400, "Invalid clientToken")
    return token


def _version(document: Mapping[str, Any]) -> int | None:
    version = document.get("version")
    if version is None:
        return None
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        raise ShadowError(400, "Invalid version")
    return version


def _state(document: Mapping[str, Any]) -> dict[str, Any] | None:
    if "state" not in document:
        raise ShadowError(400, "Missing required node: state")
    state = document["state"]
    if state is None:
        return None
    if not isinstance(state, dict):
        raise ShadowError(400, "State node must be an object")
    for name in state:
        if name not in SECTIONS:
            raise ShadowError(400, f"State contains an invalid node: '{name}'")
    for name, section in state.items():
        if section is None:
            continue
        if not isinstance(section, dict):
            raise ShadowError(400, f"{name.capitalize()} node must be an object")
        if _levels(section) > MOST_LEVELS:
            text = f"JSON contains too many levels of nesting; maximum is {MOST_LEVELS}"
            raise ShadowError(400, text)
        if _has_null_in_array(section):
            raise ShadowError(400, "State contains an invalid node")
    return state


def _levels(value: Any) -> int:
    if not value or not isinstance(value, (dict, list)):
        return 0
    inside = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_levels, inside))


def _has_null_in_array(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_null_in_array, value.values()))
    if isinstance(value, list):
        return any(item is None or _has_null_in_array(item) for item in value)
    return False
