"""Lists, a page at a time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request
from lambda_nb.engine.model import Request, Response

DEFAULT_LIMIT = 25
MOST = 500
"""Items of a page: API Gateway's default, and the most it gives (API reference, 2026)."""


def page(request: Request, records: Iterable[Record], key: Callable[[Record], str]) -> Response:
    """One page of records, in the order of ``key``.

    Parameters
    ----------
    request
        With the members ``limit`` and ``position`` of the call.
    key
        What the records are sorted by; no two have the same.

    Raises
    ------
    AWSError
        ``BadRequestException``: the limit or the position is not one.
    """
    limit = request.get("limit", DEFAULT_LIMIT)
    if not 0 <= limit <= MOST:
        raise bad_request(f"Invalid limit specified: {limit}. It must be between 1 and {MOST}.")
    ordered = sorted(records, key=key)
    position = request.get("position")
    if position is not None:
        after = _decoded(position)
        ordered = [record for record in ordered if key(record) > after]
    shown = ordered[: limit or DEFAULT_LIMIT]
    answer: Response = {"items": shown}
    if len(shown) < len(ordered):
        answer["position"] = _encoded(key(shown[-1]))
    return answer


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decoded(position: str) -> str:
    try:
        return base64.urlsafe_b64decode(position).decode()
    except (binascii.Error, ValueError):
        raise bad_request("Invalid position parameter specified.") from None
