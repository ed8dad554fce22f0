"""Pages of a list: ``MaxItems``, ``Marker`` and ``NextMarker``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from lambda_nb.engine.errors import invalid_parameter
from lambda_nb.engine.model import Request, Response
from lambda_nb.rules import quotas


def page(
    request: Request,
    member: str,
    items: Sequence[Any],
    *,
    most: int = quotas.PAGE.value,
    show: Callable[[Any], Any] | None = None,
) -> Response:
    """One page of ``items`` as ``{member: [...], "NextMarker": ...}``.

    Parameters
    ----------
    request
        Has ``MaxItems`` and ``Marker``.
    member
        The name of the list in the response.
    items
        The whole list, in a stable order.
    most
        Maximum items per page, whatever the request says.
    show
        Converts an item for the response; called only for the items on the page.

    Raises
    ------
    AWSError
        ``InvalidParameterValueException`` if the marker is not valid.
    """
    start = _position(request.get("Marker"))
    size = min(request.get("MaxItems") or most, most)
    shown = list(items[start : start + size])
    response: Response = {member: list(map(show, shown)) if show else shown}
    if start + size < len(items):
        response["NextMarker"] = _marker(start + size)
    return response


def _marker(position: int) -> str:
    return base64.urlsafe_b64encode(f"position:{position}".encode()).decode()


def _position(marker: str | None) -> int:
    if not marker:
        return 0
    try:
        label, _, number = base64.urlsafe_b64decode(marker).decode().partition(":")
        if label != "position":
            raise ValueError(label)
        return int(number)
    except (ValueError, binascii.Error) as error:
        raise invalid_parameter(f"Invalid Marker: {marker}") from error
