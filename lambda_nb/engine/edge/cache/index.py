"""Which objects there are, in the order of their use, and how much room they take."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lambda_nb.engine.edge.cache.disk import Disk
from lambda_nb.engine.edge.cache.entries import Body, Entry, Name
from lambda_nb.engine.edge.cache.parts import within

_Group = TypeVar("_Group")

HEAD = "\nHEAD"
"""Ends the name of an answer to HEAD, which has no body to answer a GET with."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is in the cache; ``evictions`` since the engine started, for want of room."""

    objects: int
    bytes: int
    memory_bytes: int
    evictions: int


class Index:
    """The objects by their names.

    Parameters
    ----------
    disk
        Where they are kept too.
    most_bytes
        Of all together. The one that was used longest ago leaves first.
    most_memory_bytes
        Of the bodies in memory; up to twice as much while they wait to be written.
    """

    def __init__(self, disk: Disk, most_bytes: int, most_memory_bytes: int) -> None:
        self._disk = disk
        self._most_bytes = most_bytes
        self._most_memory_bytes = most_memory_bytes
        self._entries: OrderedDict[tuple[str, str, str], Entry] = OrderedDict()
        self._in_memory: OrderedDict[Body, Entry] = OrderedDict()
        self._parts: dict[Name, set[Name]] = {}
        self._at: dict[tuple[str, str, str], set[Name]] = {}
        self._bytes = 0
        self._memory_bytes = 0
        self._evictions = 0

    @property
    def statistics(self) -> Statistics:
        """What is in it."""
        return Statistics(len(self._entries), self._bytes, self._memory_bytes, self._evictions)

    def find(self, name: tuple[str, str, str]) -> Entry | None:
        """The object of a name, which is used now."""
        entry = self._entries.get(name)
        if entry is not None:
            self._entries.move_to_end(name)
            if entry.body in self._in_memory:
                self._in_memory.move_to_end(entry.body)
        return entry

    def find_part(self, whole: Name, asked: str) -> Entry | None:
        """A part of an object that has what a ``Range`` field asks for."""
        for name in self._parts.get(whole, ()):
            part = self._entries[name].part
            if part is not None and within(asked, part):
                return self.find(name)
        return None

    def has(self, entry: Entry) -> bool:
        """Whether this is the object that its name stands for."""
        return self._entries.get(entry.name) is entry

    def meant(self, distribution: str, wanted: Callable[[str], bool]) -> list[Entry]:
        """The objects of a distribution whose address is wanted."""
        return [
            entry
            for entry in self._entries.values()
            if entry.name.distribution == distribution and wanted(entry.address)
        ]

    def at(self, distribution: str, location: str, address: str) -> list[Entry]:
        """The objects of an address at a location, whatever else is in their keys."""
        names = self._at.get((distribution, location, address), ())
        return [self._entries[name] for name in names]

    def put(self, entry: Entry) -> None:
        """A new object, in place of what its name stood for."""
        old = self._entries.get(entry.name)
        if old is not None:
            self._remove(old)
        if entry.part is not None:
            self._drop_parts(_whole(entry.name), lambda other: not _of_one_object(entry, other))
        elif not entry.name.text.endswith(HEAD):
            self._drop_parts(entry.name, lambda other: True)
        self._add(entry)
        self._disk.save(entry)
        self._make_room()

    def take_up(self, entries: list[Entry]) -> None:
        """Objects of an earlier engine, the oldest first: all count as used before the others."""
        for entry in reversed(entries):
            if entry.name not in self._entries:
                self._add(entry)
                self._entries.move_to_end(entry.name, last=False)
        self._make_room()

    def replace(self, old: Entry, new: Entry) -> None:
        """Give an object a new head."""
        self._entries[new.name] = new
        self._entries.move_to_end(new.name)
        self._bytes += new.weight - old.weight
        if old.body in self._in_memory:
            self._in_memory[old.body] = new
        self._disk.save(new)

    def drop(self, entry: Entry) -> None:
        """Remove an object that is there."""
        self._remove(entry)
        self._disk.forget(entry.name)

    def remember(self, entry: Entry, data: bytes) -> None:
        """Have a small body in memory, and of the others as many as there is room for."""
        body = entry.body
        if body in self._in_memory:
            return
        body.data = data
        self._in_memory[body] = entry
        self._memory_bytes += body.size
        too_much = self._memory_bytes - self._most_memory_bytes
        leaving = []
        for other in self._in_memory:
            if too_much <= 0 or other is body:
                break
            if other.path is not None:  # else it is nowhere but in memory
                leaving.append(other)
                too_much -= other.size
        for other in leaving:
            self._release(other)
            other.data = None
        while self._memory_bytes > 2 * self._most_memory_bytes and len(self._in_memory) > 1:
            self._evict(next(iter(self._in_memory.values())))

    def _add(self, entry: Entry) -> None:
        self._entries[entry.name] = entry
        self._bytes += entry.weight
        self._at.setdefault(_place(entry), set()).add(entry.name)
        if entry.part is not None:
            self._parts.setdefault(_whole(entry.name), set()).add(entry.name)
        if entry.body.data:
            self.remember(entry, entry.body.data)

    def _remove(self, entry: Entry) -> None:
        del self._entries[entry.name]
        self._bytes -= entry.weight
        _take(self._at, _place(entry), entry.name)
        if entry.part is not None:
            _take(self._parts, _whole(entry.name), entry.name)
        if entry.body in self._in_memory:
            self._release(entry.body)
        self._disk.let_go(entry.body)

    def _release(self, body: Body) -> None:
        del self._in_memory[body]
        self._memory_bytes -= body.size

    def _drop_parts(self, whole: Name, unwanted: Callable[[Entry], bool]) -> None:
        for name in list(self._parts.get(whole, ())):
            if unwanted(self._entries[name]):
                self.drop(self._entries[name])

    def _make_room(self) -> None:
        while self._bytes > self._most_bytes and len(self._entries) > 1:
            self._evict(next(iter(self._entries.values())))

    def _evict(self, entry: Entry) -> None:
        self.drop(entry)
        self._evictions += 1


def _place(entry: Entry) -> tuple[str, str, str]:
    """Where its address is."""
    return entry.name.distribution, entry.name.location, entry.address


def _take(names: dict[_Group, set[Name]], group: _Group, name: Name) -> None:
    """Take a name out of its group, which goes with its last one."""
    names[group].remove(name)
    if not names[group]:
        del names[group]


def _whole(part: Name) -> Name:
    """The name of the object that a part is of."""
    return part._replace(text=part.text.rpartition("\n")[0])


def _of_one_object(part: Entry, other: Entry) -> bool:
    """Whether two parts are of the same version of an object."""
    if part.part is None or other.part is None or part.part.total != other.part.total:
        return False
    tags = ("etag", "last-modified")
    return all(part.headers.get(tag) == other.headers.get(tag) for tag in tags)
