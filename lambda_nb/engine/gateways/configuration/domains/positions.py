"""Pages of a list of the API ``apigateway``: ``limit`` and ``position``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from lambda_nb.engine.gateways.configuration.domains.settings import bad_request
from lambda_nb.engine.model import Request, Response

_DEFAULT, _MOST = 25, 500  # items on a page (API reference, GetDomainNames, 2026)


def page(request: Request, items: Sequence[Any]) -> Response:
    """One page of ``items`` as ``{"items": [...], "position": ...}``.

    Raises
    ------
    AWSError
        ``BadRequestException`` if limit or position are not valid.
    """
    size = request.get("limit") or _DEFAULT
    if not 0 < size <= _MOST:
        raise bad_request(f"Invalid limit specified. Must be between 1 and {_MOST}")
    start = _start(request.get("position"))
    response: Response = {"items": list(items[start : start + size])}
    if start + size < len(items):
        response["position"] = base64.urlsafe_b64encode(b"%d" % (start + size)).decode()
    return response


def _start(position: str | None) -> int:
    if not position:
        return 0
    try:
        return int(base64.urlsafe_b64decode(position))
    except (ValueError, binascii.Error):
        raise bad_request("Invalid position specified") from None
