"""A call that a function made, reduced to what tells it from others."""

from __future__ import annotations

from typing import NamedTuple


class Call(NamedTuple):
    """One kind of call, as it came over the wire.

    ``words`` is the operation where the protocol names it; else method, path and names of the
    query. ``resources`` are what the body names.
    """

    session: str
    region: str
    service: str
    words: tuple[str, ...]
    resources: tuple[str, ...]
