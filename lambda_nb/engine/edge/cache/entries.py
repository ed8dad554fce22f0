"""One object of the cache: its head, what may be done with it, and where its body is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.edge.caching.freshness import Lifetime

State = Literal["fresh", "held", "usable", "stale"]
"""``held``: stale, but its origin failed a moment ago, and is left alone for a while. ``usable``:
stale, may be used while the origin is asked (``stale-while-revalidate``). ``stale``: the origin has
to be asked first."""

_OVERHEAD = 1_024
"""Bytes that an object takes in memory beside its key, its head and its body, roughly."""
_OVERHEAD_OF_FIELD = 150


class Name(NamedTuple):
    """What an object is found by. ``text`` is its cache key; parts and heads have a suffix."""

    distribution: str
    location: str
    text: str


class Part(NamedTuple):
    """Which bytes of an object of ``total`` bytes a stored 206 has, both ends included."""

    first: int
    last: int
    total: int


class Body:
    """The bytes of an object: in memory, in a file, or both. A new head leaves them as they are.

    Parameters
    ----------
    size
        In bytes.
    data
        All of them, if they are in memory.
    path
        Their file; ``None`` if there is none (yet).
    checksum
        Their CRC-32.
    checked
        Whether the file is known to be whole: this process wrote it, or has read it.
    """

    __slots__ = ("__weakref__", "checked", "checksum", "data", "path", "size")

    def __init__(
        self, size: int, data: bytes | None, path: Path | None, checksum: int, *, checked: bool
    ) -> None:
        self.size = size
        self.data = data
        self.path = path
        self.checksum = checksum
        self.checked = checked


class Entry:
    """One object. Only the cache changes it.

    Attributes
    ----------
    name, address
        The cache's name of it, and the path and query that invalidations mean.
    status, reason, headers
        Its head, as the origin sent it, without ``Age`` and fields of one connection. The headers
        are shared: copy them before a change.
    part
        Which bytes a 206 has; ``None`` for a whole object.
    lifetime, came
        How long it may be used, and since when (seconds of the epoch).
    body
        Its bytes.
    weight
        Bytes it counts for in the cache: of its head too, which is kept in memory.
    """

    __slots__ = (
        "__weakref__",
        "address",
        "body",
        "came",
        "fresh_until",
        "headers",
        "held_until",
        "lifetime",
        "name",
        "part",
        "reason",
        "status",
        "weight",
    )

    def __init__(
        self,
        name: Name,
        address: str,
        status: int,
        reason: str,
        headers: Headers,
        lifetime: Lifetime,
        came: float,
        body: Body,
        part: Part | None = None,
    ) -> None:
        self.name = name
        self.address = address
        self.status = status
        self.reason = reason
        self.headers = headers
        self.lifetime = lifetime
        self.came = came
        self.body = body
        self.part = part
        self.fresh_until = came + lifetime.fresh
        self.held_until = 0.0
        told = sum(len(header) + len(value) + _OVERHEAD_OF_FIELD for header, value in headers)
        self.weight = body.size + len(name.text) + len(address) + told + _OVERHEAD

    @property
    def is_error(self) -> bool:
        """Whether it is a cached error."""
        return self.status >= 400

    def age(self, now: float) -> int:
        """What ``Age`` says at a time, in whole seconds."""
        return int(self.lifetime.age + max(0.0, now - self.came))

    def state(self, now: float) -> State:
        """What may be done with it at a time."""
        if now < self.fresh_until:
            return "fresh"
        if now < self.held_until:
            return "held"
        if now < self.fresh_until + self.lifetime.stale_while_revalidate:
            return "usable"
        return "stale"

    def serves_errors(self, now: float) -> bool:
        """Whether it may be used in place of a 5xx of its origin, or when there is no answer."""
        return now < self.fresh_until + self.lifetime.stale_if_error

    def conditions(self) -> list[tuple[str, str]]:
        """Headers that ask the origin whether it has changed; none if that cannot be asked."""
        if not self.lifetime.conditional or self.is_error:
            return []
        found = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
        values = ((asked, self.headers.get(name)) for asked, name in found)
        return [(asked, value) for asked, value in values if value is not None]
