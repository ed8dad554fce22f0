"""Headers of answers, as bytes that can be sent."""

from __future__ import annotations

import re

from lambda_nb.engine.api.wire.http import Header

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
_FORBIDDEN = re.compile(r"[\r\n\0]")

REMAPPED = frozenset(
    ("connection", "content-length", "date", "server", "www-authenticate", "user-agent", "host")
)
"""Headers of backends that arrive as ``x-amzn-Remapped-NAME`` (REST API guide)."""

DROPPED = frozenset(("transfer-encoding", "te", "trailer", "upgrade", "keep-alive"))
"""Headers of backends that do not arrive."""


class BadHeader(ValueError):  # noqa: N818
    """Something cannot be a header."""


def header(name: str, value: str) -> Header:
    """A header's name and value in bytes.

    Raises
    ------
    BadHeader
        One of them cannot be sent.
    """
    if not _TOKEN.fullmatch(name):
        raise BadHeader(f"{name!r} is no header name")
    if _FORBIDDEN.search(value):
        raise BadHeader(f"a header's value cannot hold {value!r}")
    try:
        # A server's value may be of any bytes: those that are no UTF-8 came as such surrogates.
        return name.encode(), value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise BadHeader(str(error)) from error


def passed_on(name: str) -> str | None:
    """The name under which a backend's header arrives; ``None`` if it does not.

    Examples
    --------
    >>> [passed_on(name) for name in ("ETag", "Server", "Transfer-Encoding")]
    ['ETag', 'x-amzn-Remapped-Server', None]
    """
    lower = name.lower()
    if lower in DROPPED:
        return None
    return f"x-amzn-Remapped-{name}" if lower in REMAPPED else name
