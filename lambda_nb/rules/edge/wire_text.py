"""What text on the wire cannot hold, whoever writes it: a kind of function, or a configuration."""

from __future__ import annotations

import re

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name (RFC 9110, 5.6.2)."""

NOT_IN_VALUES = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Characters that no header's value has (RFC 9110, 5.5)."""

NOT_IN_QUERY = re.compile(r"[\x00-\x20\x7f#]")
"""Characters of a query string that would end it, or the request's line."""

NOT_IN_PATH = re.compile(r"[^!-~]|[?#]")
"""Characters that are percent-encoded in a path."""


def percent_encoded(path: str) -> str:
    """A path whose characters that cannot be there are percent-encoded.

    Examples
    --------
    >>> percent_encoded("/a b?c")
    '/a%20b%3Fc'
    """
    return NOT_IN_PATH.sub(_encoded, path)


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace"))
