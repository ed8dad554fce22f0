"""The physical names that CloudFormation makes up: ``STACK-LOGICALID-RANDOM``."""

from __future__ import annotations

import base64
import hashlib

_RANDOM = 12
"""Characters at the end of a name that make it unique, as CloudFormation has them."""


def made_up(
    stack: str,
    logical_id: str,
    token: str,
    most: int = 255,
    *,
    lower: bool = False,
    separator: str = "-",
    suffix: str = "",
) -> str:
    """A name that is the same whenever the same token asks for it.

    Parameters
    ----------
    stack, logical_id
        Names of the stack and the resource; cut if the name would be too long.
    token
        Of the step in which the resource is made.
    most
        The most characters the name may have.
    lower
        Whether it must be in lower case.
    separator
        Between its parts, and in the place of the hyphens of the stack's name.
    suffix
        What the name ends with; part of ``most``.

    Examples
    --------
    >>> made_up("shop", "Orders", "t")
    'shop-Orders-4O4YUTNDDIJH'
    >>> len(made_up("a" * 100, "b" * 100, "t", 64))
    64
    >>> made_up("my-shop", "Rule", "t", separator="_")
    'my_shop_Rule_4O4YUTNDDIJH'
    """
    stack, most = stack.replace("-", separator), most - len(suffix)
    random = base64.b32encode(hashlib.sha256(token.encode()).digest()).decode()[:_RANDOM]
    room = max(0, most - _RANDOM - 2 * len(separator))
    kept = min(len(logical_id), max(room // 2, room - len(stack)))
    parts = [stack[: room - kept].rstrip(separator), logical_id[:kept], random]
    name = separator.join(part for part in parts if part)[-most:]
    return (name.lower() if lower else name) + suffix
