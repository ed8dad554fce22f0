"""Random identifiers from a pool: a kernel call for each would cost a tenth of a warm
invocation."""

from __future__ import annotations

import os

_POOL_BYTES = 8192


class _Pool:
    """Random hex digits, fetched from the kernel many at a time."""

    def __init__(self) -> None:
        self._digits = ""
        self._used = 0

    def take(self, count: int) -> str:
        """``count`` hex digits, used only once."""
        if self._used + count > len(self._digits):
            self._digits, self._used = os.urandom(_POOL_BYTES).hex(), 0
        first = self._used
        self._used = first + count
        return self._digits[first : self._used]


_take = _Pool().take


def hex_digits(count: int) -> str:
    """``count`` random hex digits.

    Examples
    --------
    >>> len(hex_digits(24))
    24
    """
    return _take(count)


def uuid4() -> str:
    """A random UUID (version 4, RFC 9562) as text.

    Examples
    --------
    >>> import uuid
    >>> uuid.UUID(uuid4()).version
    4
    """
    digits = _take(31)
    variant = "89ab"[int(digits[30], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-{variant}{digits[15:18]}-{digits[18:30]}"
