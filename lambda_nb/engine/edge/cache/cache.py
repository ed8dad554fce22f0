"""The cache of all edge locations: finding objects, storing answers, invalidating.

Objects are found by distribution, location and cache key. Bodies are in files; small ones that were
used lately are in memory too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from weakref import WeakSet

from lambda_nb.engine.edge.cache.bodies import Bodies
from lambda_nb.engine.edge.cache.disk import Disk
from lambda_nb.engine.edge.cache.entries import Body, Entry, Name
from lambda_nb.engine.edge.cache.index import HEAD, Index, Statistics
from lambda_nb.engine.edge.cache.parts import part_of
from lambda_nb.engine.edge.cache.turns import Asked, Turn, Turns
from lambda_nb.engine.edge.cache.writers import Writer
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.edge.caching.cache_keys import CacheKey
from lambda_nb.rules.edge.caching.freshness import Lifetime, Ttls, lifetime
from lambda_nb.rules.edge.caching.invalidations import matcher
from lambda_nb.rules.edge.caching.stored_headers import kept, refreshed
from lambda_nb.rules.quotas import CLOUDFRONT_OBJECT_BYTES

_NEVER = Lifetime(0.0, 0.0)


class Cache:
    """Keeps the objects of all distributions at all locations.

    Its methods belong to the event loop's thread.

    Parameters
    ----------
    directory
        For its files; nobody else puts files there.
    most_bytes
        Of all objects together.
    most_memory_bytes
        Of the bodies that are in memory too.

    Attributes
    ----------
    bodies
        Reads the objects' bodies.
    """

    def __init__(
        self, directory: Path, most_bytes: int, most_memory_bytes: int = 64 * 1024 * 1024
    ) -> None:
        self._disk = Disk(directory)
        self._index = Index(self._disk, most_bytes, most_memory_bytes)
        self.bodies = Bodies(self._disk, self._index)
        self._most_bytes = min(CLOUDFRONT_OBJECT_BYTES.value, most_bytes)
        self._turns = Turns()
        self._asking: WeakSet[Turn] = WeakSet()

    async def open(self) -> None:
        """Take up what an earlier engine left; until then the cache works without it.

        Raises
        ------
        OSError, sqlite3.Error
            If the directory cannot be used: the cache goes on in memory.
        """
        self._index.take_up(await self._disk.start())

    async def close(self) -> None:
        """Write what has not been written."""
        await self._disk.close()

    @property
    def statistics(self) -> Statistics:
        """What is in it."""
        return self._index.statistics

    # -- finding

    def lookup(
        self, distribution: str, location: str, key: CacheKey, method: str = "GET"
    ) -> Entry | None:
        """A whole object, whatever its state.

        Parameters
        ----------
        distribution, location
            The distribution's id and the location's code.
        key
            The request's.
        method
            A HEAD is answered by the object of a GET, or an answer to a HEAD that came later.
        """
        entry = self._index.find((distribution, location, key.text))
        if method == "HEAD":
            other = self._index.find((distribution, location, key.text + HEAD))
            if other is not None and (entry is None or entry.came < other.came):
                return other
        return entry

    def current(self, name: Name) -> Entry | None:
        """The object that a name stands for, whatever its state; it is used now."""
        return self._index.find(name)

    def lookup_part(
        self, distribution: str, location: str, key: CacheKey, asked: str
    ) -> Entry | None:
        """A stored 206 that has all bytes a ``Range`` field asks for, whatever its state."""
        return self._index.find_part(Name(distribution, location, key.text), asked)

    # -- asking the origin

    def is_asking(self, distribution: str, location: str, key: CacheKey, variant: str = "") -> bool:
        """Whether a request is asking the origin for this object, so that others would wait."""
        return self._turns.is_taken(Asked(distribution, location, key.text, variant, key.address))

    async def wait(
        self, distribution: str, location: str, key: CacheKey, variant: str = ""
    ) -> bool:
        """Wait for the answer to another request for the same object, if there is one.

        Parameters
        ----------
        distribution, location, key
            Of the object.
        variant
            Tells requests that cannot use each other's answers: ``HEAD``, or the ``Range`` field.

        Returns
        -------
        bool
            Whether there was one: then look again, and if there is nothing to use, take a turn
            without waiting once more.
        """
        return await self._turns.wait(Asked(distribution, location, key.text, variant, key.address))

    def turn(self, distribution: str, location: str, key: CacheKey, variant: str = "") -> Turn:
        """Ask the origin from now on. A turn is taken before the origin is asked: so an
        invalidation knows which answers are too old."""
        turn = self._turns.take(Asked(distribution, location, key.text, variant, key.address))
        self._asking.add(turn)
        return turn

    def writer(
        self,
        turn: Turn,
        method: str,
        status: int,
        reason: str,
        headers: Headers,
        life: Lifetime | None,
        came: float,
    ) -> Writer | None:
        """Store an answer while it goes to the viewer.

        Parameters
        ----------
        turn
            The request whose answer it is; ends with the writer.
        method
            Of the request to the origin.
        status, reason, headers
            The answer's, as they shall be stored.
        life
            What :func:`lifetime` says; ``None`` if it is not stored.
        came
            When the answer's head came, seconds of the epoch.

        Returns
        -------
        Writer or None
            ``None`` if it is not stored; the turn has ended then.
        """
        part = part_of(headers) if status == 206 else None
        bodiless = method == "HEAD" or status in (204, 304)
        expected = 0 if bodiless else _length(headers)
        text = turn.asked.text
        if part is not None:
            expected = part.last - part.first + 1
            text += f"\nbytes {part.first}-{part.last}"
        elif method == "HEAD":
            text += HEAD
        if life is None or (status == 206 and part is None) or (expected or 0) > self._most_bytes:
            turn.end()
            return None
        name = Name(turn.asked.distribution, turn.asked.location, text)
        stored = Headers(kept(list(headers), came))

        def keep(body: Body) -> Entry | None:
            if turn.spoilt:
                return None
            address = turn.asked.address
            entry = Entry(name, address, status, reason, stored, life, came, body, part)
            self._index.put(entry)
            return entry

        return Writer(self._disk, turn, keep, expected, self._most_bytes)

    def refresh(
        self,
        entry: Entry,
        news: Headers,
        ttls: Ttls,
        asked: float,
        came: float,
        *,
        secret: bool = False,
    ) -> Entry:
        """An object is as it was, says a 304 of its origin.

        Parameters
        ----------
        entry
            The stored one.
        news
            The 304's headers.
        ttls, asked, came, secret
            As for :func:`lifetime`.

        Returns
        -------
        Entry
            The object with its new head, for this answer. It replaces the stored one, unless that
            has left the cache meanwhile.
        """
        pairs = refreshed(list(entry.headers), list(news), came)
        life = lifetime(entry.status, pairs, ttls, asked, came, secret=secret)
        new = Entry(
            entry.name, entry.address, entry.status, entry.reason, Headers(kept(pairs, came)),
            life or _NEVER, came, entry.body, entry.part,
        )  # fmt: skip
        if life is None:
            self.discard(entry)
        elif self._index.has(entry):
            self._index.replace(entry, new)
        return new

    def hold(self, entry: Entry, until: float) -> None:
        """The origin failed: leave it alone until then, and use the stale object meanwhile."""
        entry.held_until = until

    # -- leaving

    def discard(self, entry: Entry) -> None:
        """Remove one object, if it is still the one that is stored."""
        if self._index.has(entry):
            self._index.drop(entry)

    def invalidate(self, distribution: str, paths: Iterable[str]) -> int:
        """Remove what an invalidation means, at all locations. Answers to requests that are under
        way are not stored.

        Returns
        -------
        int
            How many objects were removed.
        """
        return self._leave(distribution, matcher(paths))

    def outdate(self, distribution: str, location: str, address: str) -> int:
        """A request such as POST has changed what is at an address (RFC 9111, 4.4): remove it at
        the location that saw the request. Answers that are under way are not stored.

        Returns
        -------
        int
            How many objects were removed.
        """
        place = distribution, location, address
        self._spoil(lambda asked: (asked.distribution, asked.location, asked.address) == place)
        found = self._index.at(*place)
        for entry in found:
            self._index.drop(entry)
        return len(found)

    def forget(self, distribution: str) -> int:
        """Remove everything of a distribution; how many objects that was."""
        return self._leave(distribution, lambda address: True)

    def _leave(self, distribution: str, meant: Callable[[str], bool]) -> int:
        self._spoil(lambda asked: asked.distribution == distribution and meant(asked.address))
        found = self._index.meant(distribution, meant)
        for entry in found:
            self._index.drop(entry)
        return len(found)

    def _spoil(self, meant: Callable[[Asked], bool]) -> None:
        for turn in self._asking:
            if meant(turn.asked):
                turn.spoilt = True
                turn.end()  # who comes from now on must not get this answer


def _length(headers: Headers) -> int | None:
    """What ``Content-Length`` says; ``None`` if nothing that can be believed."""
    said = (headers.get("content-length") or "").strip()
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else None
