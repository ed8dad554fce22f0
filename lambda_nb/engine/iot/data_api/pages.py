"""Pages of a list: ``nextToken``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from lambda_nb.engine.iot.data_api.errors import fault


def page(
    items: Sequence[str], token: str | None, size: int | None, most: int
) -> tuple[Sequence[str], str | None]:
    """The items of a sorted list after the one that a token names, and the next token.

    Raises
    ------
    AWSError
        ``InvalidRequestException`` for a token that is none, or a size that is not allowed.
    """
    if size is not None and not 1 <= size <= most:
        raise fault(400, f"The size of a page is from 1 to {most}, not {size}.")
    left = items
    if token is not None:
        try:
            last = base64.b64decode(token.encode(), b"-_", validate=True).decode()
        except (ValueError, binascii.Error):
            raise fault(400, f"Invalid nextToken: {token}") from None
        left = [item for item in items if item > last]
    shown = left[: size or most]
    more = len(left) > len(shown)
    return shown, base64.urlsafe_b64encode(shown[-1].encode()).decode() if more else None


def with_token(answer: dict[str, Any], token: str | None) -> dict[str, Any]:
    """An answer with its next token, if there is one."""
    return answer if token is None else {**answer, "nextToken": token}
