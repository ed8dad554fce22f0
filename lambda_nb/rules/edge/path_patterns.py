"""Path patterns of cache behaviours: which requests they are for.

Rules (CloudFront Developer Guide, "Cache behavior settings", Path pattern, 2026): ``*`` stands for
any characters, slashes among them, ``?`` for exactly one; the case matters; a slash at the
beginning may be left out; the query string does not count. The path of a request is normalised as
RFC 3986, section 6, has it before it is compared, and repeated slashes count as one; the origin
gets it as it was. A pattern cannot have ``%``, so what stays percent-encoded is matched by
wildcards only.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ENCODED = re.compile("%([0-9A-Fa-f]{2})")
_SLASHES = re.compile("//+")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_MOST_REMEMBERED = 4096


class PathPattern:
    """A path pattern, compiled.

    Parameters
    ----------
    text
        As the distribution has it, such as ``images/*.jpg``.

    Examples
    --------
    >>> PathPattern("images/*.jpg").matches("/images/product1/a.jpg")
    True
    >>> PathPattern("*.jpg").matches("/LOGO.JPG")
    False
    """

    __slots__ = ("_first", "_last", "_least", "_middle", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        whole = text if text.startswith("/") else f"/{text}"
        first, *others = re.sub(r"\*+", "*", whole).split("*")
        self._first = _Part(first)
        self._last = _Part(others.pop()) if others else None
        self._middle = [_Part(part) for part in others]
        self._least = sum(len(part) for part in whole.split("*"))

    def matches(self, path: str) -> bool:
        """Whether a path is meant.

        Parameters
        ----------
        path
            As :func:`normalized` gives it.
        """
        # Between two stars the first place that fits is as good as any: this takes no backtracking.
        end = len(path)
        if end < self._least or not self._first.stands_at(path, 0):
            return False
        place = self._first.length
        if self._last is None:
            return place == end
        end -= self._last.length
        if not self._last.stands_at(path, end):
            return False
        for part in self._middle:
            place = part.after(path, place, end)
            if place < 0:
                return False
        return True


class _Part:
    """What stands between two stars."""

    __slots__ = ("_literal", "_pattern", "length")

    def __init__(self, text: str) -> None:
        self.length = len(text)
        self._literal = text
        # Most parts have no question mark: str methods are several times as fast.
        self._pattern = None
        if "?" in text:
            wanted = ".".join(re.escape(piece) for piece in text.split("?"))
            self._pattern = re.compile(wanted, re.DOTALL)

    def stands_at(self, path: str, place: int) -> bool:
        if self._pattern is None:
            return path.startswith(self._literal, place)
        return self._pattern.match(path, place) is not None

    def after(self, path: str, start: int, end: int) -> int:
        """The place after the first one that fits between two; -1 if none does."""
        if self._pattern is None:
            found = path.find(self._literal, start, end)
            return found + self.length if found >= 0 else -1
        match = self._pattern.search(path, start, end)
        return match.end() if match is not None else -1


@lru_cache(_MOST_REMEMBERED)
def compiled(pattern: str) -> PathPattern:
    """A pattern compiled; remembered."""
    return PathPattern(pattern)


def normalized(path: str) -> str:
    """A path as patterns are compared with it.

    Parameters
    ----------
    path
        Percent-encoded, without a query string; it begins with a slash.

    Returns
    -------
    str
        Characters that need no encoding are not encoded, the others in upper case; without
        segments of dots and without repeated slashes.

    Examples
    --------
    >>> normalized("/a//%62/../c%2f")
    '/a/c%2F'
    """
    if "%" in path:
        path = _ENCODED.sub(_decoded, path)
    if "//" in path:
        path = _SLASHES.sub("/", path)
    if "/." in path:
        path = _without_dots(path)
    return path


def _decoded(encoded: re.Match[str]) -> str:
    character = chr(int(encoded[1], 16))
    return character if character in _UNRESERVED else encoded[0].upper()


def _without_dots(path: str) -> str:
    """Remove segments of dots (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")  # a directory ends with a slash
    return "/" + "/".join(kept)
