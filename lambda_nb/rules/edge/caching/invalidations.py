"""Which cached objects an invalidation means.

Rules: CloudFront Developer Guide, "invalidation-specifying-objects" (2026): paths are
case-sensitive, have a query where the cache key has one, and may end with ``*`` for any rest. A
``*`` elsewhere is itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_UNSAFE = re.compile(r'[^\x21-\x7e]|[<>"{}|\\^\[\]`]')
"""What has to be percent-encoded (RFC 1738, 2.2); ``#``, ``%`` and ``~`` are left as they are."""
_ENCODED = re.compile(r"%[0-9a-fA-F]{2}")
_TILDE = re.compile(r"~|%7e", re.I)


def matcher(paths: Iterable[str]) -> Callable[[str], bool]:
    """A test whether an address (a path, and a query if the key has one) is invalidated.

    A path with ``~`` means nothing: CloudFront does not support it in invalidations.

    Examples
    --------
    >>> hit = matcher(["/images/*", "/caf\\u00e9"])
    >>> hit("/images/a.png?x=1"), hit("/caf%c3%a9"), hit("/index.html")
    (True, True, False)
    """
    exact, prefixes = set(), []
    for path in paths:
        if _TILDE.search(path):
            continue
        if path.endswith("*"):
            prefixes.append(encoded(path[:-1]))
        else:
            exact.add(encoded(path))
    beginnings = tuple(prefixes)

    def hit(address: str) -> bool:
        text = encoded(address)
        return text in exact or text.startswith(beginnings)

    return hit


def encoded(path: str) -> str:
    """A path with a slash first, unsafe characters percent-encoded, and hex digits upper case."""
    text = path if path.startswith("/") else f"/{path}"
    text = _UNSAFE.sub(lambda found: "".join(f"%{b:02X}" for b in _bytes(found[0])), text)
    return _ENCODED.sub(lambda found: found[0].upper(), text)


def _bytes(character: str) -> bytes:
    return character.encode("utf-8", "surrogateescape")
