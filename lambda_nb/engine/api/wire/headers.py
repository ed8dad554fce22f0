"""Headers: what of them can be sent, and which are not passed on."""

from __future__ import annotations

import re

from lambda_nb.engine.api.wire.http import Header

NO_VALUE = re.compile(b"[\x00-\x08\x0a-\x1f\x7f]")
"""What no value can hold (RFC 9110, 5.5): an answer with it would not be sent, or be split."""

HOP_BY_HOP = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that are for the next hop alone and are not passed on (RFC 9110, 7.6.1)."""

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")


class BadHeader(ValueError):  # noqa: N818
    """Something cannot be a header; says why."""


def header(name: str, value: str, *, as_spelt: bool = False, errors: str = "strict") -> Header:
    """A header, its name in lower case.

    Parameters
    ----------
    as_spelt
        The name is kept as it is spelt.
    errors
        How the value is encoded, as for :meth:`str.encode`.

    Raises
    ------
    BadHeader
        The name or the value cannot be sent.

    Examples
    --------
    >>> header("X-Name", "Zoë")
    (b'x-name', b'Zo\\xc3\\xab')
    """
    if not _NAME.fullmatch(name):
        raise BadHeader(f"{name!r} is no header name")
    try:
        told = value.encode("utf-8", errors)
    except UnicodeEncodeError as error:
        raise BadHeader(f"the header {name}: {error}") from error
    if NO_VALUE.search(told):
        raise BadHeader(f"the header {name} cannot be {value!r}")
    return (name if as_spelt else name.lower()).encode(), told
