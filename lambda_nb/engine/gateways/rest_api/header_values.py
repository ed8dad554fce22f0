"""Headers of answers, as bytes that can be sent."""

from __future__ import annotations

from lambda_nb.engine.api.wire import headers
from lambda_nb.engine.api.wire.http import Header

REMAPPED = frozenset(
    ("connection", "content-length", "date", "server", "www-authenticate", "user-agent", "host")
)
"""Headers of backends that arrive as ``x-amzn-Remapped-NAME`` (REST API guide)."""

DROPPED = frozenset(("transfer-encoding", "te", "trailer", "upgrade", "keep-alive"))
"""Headers of backends that do not arrive."""


def header(name: str, value: str) -> Header:
    """A header's name, as it is spelt, and its value in bytes.

    Raises
    ------
    BadHeader
        One of them cannot be sent.
    """
    # A server's value may be of any bytes: those that are no UTF-8 came as such surrogates.
    return headers.header(name, value, as_spelt=True, errors="surrogateescape")


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
