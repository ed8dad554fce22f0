"""Long answers, page by page: ``NextToken`` says where the next page begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from lambda_nb.engine.stacks.model import validation_error

_PAGE = 100
_LARGEST = 1 << 62


def paged(
    items: Sequence[Any], parameters: Mapping[str, Any], member: str, most: int = _PAGE
) -> dict[str, Any]:
    """One page of an answer.

    Parameters
    ----------
    items
        All items.
    parameters
        The request's: ``NextToken``, and ``MaxResults`` where the operation has it.
    member
        The name of the list in the answer.
    most
        Items of a page.

    Raises
    ------
    AWSError
        ``ValidationError``: the token is not one.

    Examples
    --------
    >>> first = paged("abc", {}, "Letters", most=2)
    >>> first["Letters"], paged("abc", {"NextToken": first["NextToken"]}, "Letters", most=2)
    ('ab', {'Letters': 'c'})
    """
    begin = start_of(parameters)
    end = begin + min(most, parameters.get("MaxResults") or most)
    page: dict[str, Any] = {member: items[begin:end]}
    if end < len(items):
        page["NextToken"] = token(end)
    return page


def start_of(parameters: Mapping[str, Any]) -> int:
    """The number that the request's ``NextToken`` stands for; 0 without one."""
    given = parameters.get("NextToken")
    if given is None:
        return 0
    try:
        start = int(base64.urlsafe_b64decode(given))
    except (ValueError, binascii.Error):
        start = -1
    if not 0 <= start < _LARGEST:
        raise validation_error(f"Invalid NextToken: {given}")
    return start


def token(number: int) -> str:
    """A ``NextToken`` for a number."""
    return base64.urlsafe_b64encode(str(number).encode()).decode()
