"""The wire format of Protocol Buffers: a message is a run of numbered fields."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

VARINT: Final = 0
EIGHT_BYTES: Final = 1
SIZED: Final = 2
GROUP_START: Final = 3
GROUP_END: Final = 4
FOUR_BYTES: Final = 5
_LONGEST_VARINT: Final = 10


class WireError(ValueError):
    """Some bytes are no message."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of variable length; returns it and where the next byte is.

    Raises
    ------
    WireError
        The bytes end before it does, or it is too long.
    """
    number = shift = 0
    for index in range(at, min(at + _LONGEST_VARINT, len(data))):
        byte = data[index]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & 0xFFFFFFFFFFFFFFFF, index + 1
        shift += 7
    raise WireError("a number does not end")


def fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Give each field's number, wire type and content; groups of proto2 are refused.

    Raises
    ------
    WireError
        The bytes are no message.
    """
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise WireError("a field has the number 0")
        content: int | bytes
        if kind == VARINT:
            content, at = varint(data, at)
        else:
            if kind == SIZED:
                size, at = varint(data, at)
            elif kind in (EIGHT_BYTES, FOUR_BYTES):
                size = 8 if kind == EIGHT_BYTES else 4
            else:
                raise WireError(
                    "groups are not supported"
                    if kind in (GROUP_START, GROUP_END)
                    else f"there is no wire type {kind}"
                )
            content = data[at : at + size]
            at += size
            if len(content) < size:
                raise WireError(f"field {number} ends too early")
        yield number, kind, content


def signed(number: int, bits: int = 64) -> int:
    """Read a number as two's complement of so many bits."""
    number &= (1 << bits) - 1
    return number - (1 << bits) if number >> (bits - 1) else number


def zigzag(number: int) -> int:
    """Read a number of sint32 or sint64."""
    return (number >> 1) ^ -(number & 1)


def unpacked(content: bytes, form: str) -> int | float:
    """Read four or eight bytes by a form of ``struct``."""
    value: int | float = struct.unpack(form, content)[0]
    return value
