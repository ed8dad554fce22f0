"""Pages of a list: ``MaxResults`` and ``NextToken``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request
from lambda_nb.engine.model import Request, Response

MOST = 500
"""Items on a page, as many as API Gateway shows of REST APIs (API reference, 2026)."""


def page(request: Request, items: Sequence[Any], member: str = "Items") -> Response:
    """One page of ``items`` as ``{member: [...], "NextToken": ...}``.

    Parameters
    ----------
    request
        Has ``MaxResults`` (a number, most of the time as text) and ``NextToken``.
    items
        The whole list, in a stable order.
    member
        The name of the list in the response.

    Raises
    ------
    AWSError
        ``BadRequestException`` if one of them is not valid.
    """
    start = _position(request.get("NextToken"))
    size = _size(request.get("MaxResults"))
    response: Response = {member: list(items[start : start + size])}
    if start + size < len(items):
        token = f"position:{start + size}".encode()
        response["NextToken"] = base64.urlsafe_b64encode(token).decode()
    return response


def _size(given: str | int | None) -> int:
    if given is None or given == "":
        return MOST
    try:
        size = int(given)
    except ValueError:
        raise bad_request(f"Invalid value for maxResults: {given}") from None
    if size < 1:
        raise bad_request(f"Invalid value for maxResults: {given}")
    return min(size, MOST)


def _position(token: str | None) -> int:
    if not token:
        return 0
    try:
        label, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
        if label != "position":
            raise ValueError(label)
        return int(number)
    except (ValueError, binascii.Error):
        raise bad_request("Invalid nextToken specified") from None
