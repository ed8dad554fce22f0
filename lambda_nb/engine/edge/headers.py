"""Headers of HTTP messages, in their order and as they were spelt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


class Headers:
    """Pairs of a name and a value; names are compared without regard to case.

    Parameters
    ----------
    pairs
        In their order. They are copied.

    Examples
    --------
    >>> headers = Headers([("Accept", "a"), ("accept", "b")])
    >>> headers.get("ACCEPT"), headers.joined("accept"), "x-y" in headers
    ('a', 'a, b', False)
    >>> headers.set("Accept", "c")
    >>> list(headers)
    [('Accept', 'c')]
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = list(pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """The pairs."""
        return iter(self._pairs)

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self._pairs)

    def __contains__(self, name: object) -> bool:
        """Whether there is a header of a name."""
        return isinstance(name, str) and self.get(name) is not None

    def __eq__(self, other: object) -> bool:
        """Whether two have the same pairs in the same order, spelt alike."""
        return isinstance(other, Headers) and self._pairs == other._pairs

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """The pairs, for people."""
        return f"Headers({self._pairs!r})"

    def get(self, name: str) -> str | None:
        """The first value of a name."""
        wanted = name.lower()
        for given, value in self._pairs:  # a generator would take twice as long
            if given.lower() == wanted:
                return value
        return None

    def all(self, name: str) -> list[str]:
        """Every value of a name."""
        wanted = name.lower()
        return [value for given, value in self._pairs if given.lower() == wanted]

    def joined(self, name: str) -> str | None:
        """The values of a name as one list (RFC 9110, 5.3); ``None`` if there is none."""
        found = self.all(name)
        return ", ".join(found) if found else None

    def add(self, name: str, value: str) -> None:
        """Put one more header at the end."""
        self._pairs.append((name, value))

    def set(self, name: str, value: str) -> None:
        """Give a name this one value; it keeps the place of the first that had the name."""
        wanted = name.lower()
        for place, (given, _) in enumerate(self._pairs):
            if given.lower() == wanted:
                later = [pair for pair in self._pairs[place + 1 :] if pair[0].lower() != wanted]
                self._pairs[place:] = [(name, value), *later]
                return
        self._pairs.append((name, value))

    def remove(self, *names: str) -> None:
        """Take out every header of these names."""
        unwanted = {name.lower() for name in names}
        self._pairs = [pair for pair in self._pairs if pair[0].lower() not in unwanted]

    def keep(self, wanted: Callable[[str], bool]) -> None:
        """Keep only the headers whose name, in lower case, is wanted."""
        self._pairs = [pair for pair in self._pairs if wanted(pair[0].lower())]

    def copy(self) -> Headers:
        """Another with the same pairs."""
        return Headers(self._pairs)
