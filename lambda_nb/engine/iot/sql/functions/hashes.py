"""Hashes of text in UTF-8, as hexadecimal digits."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Any, Final

from lambda_nb.engine.iot.sql.functions.function import Function, of
from lambda_nb.engine.iot.sql.json_text import to_bytes, to_text
from lambda_nb.engine.iot.sql.values import UNDEFINED

# RFC 1319's permutation of 0..255, which is made of the digits of pi. `hashlib` has no MD2.
_PERMUTATION: Final = bytes.fromhex(
    "292e43c9a2d87c013d3654a1ecf0061362a705f3c0c7738c98932bd9bc4c82ca"
    "1e9b573cfdd4e01667426f188a17e512be4ec4d6da9ede49a0fbf58ebb2fee7a"
    "a968799115b2073f94c210890b225f21807f5d9a5a903227353ecce7bff79703"
    "ff1930b348a5b5d1d75e922aac56aac64fb838d296a47db676fc6be29c7404f1"
    "459d705964718720865bcf65e62da8021b6025adaeb0b9f61c46616934407e0f"
    "5547a323dd51af3ac35cf9cebac5ea262c530d6e85288409d3dfcdf441814d52"
    "6adc37c86cc1abfa24e17b080cbdb14a7888958be363e86de9cbd5fe3b001d39"
    "f2efb70e6658d0e4a67772f8eb754b0a314450b48fed1f1adb998d339f118314"
)
_BLOCK: Final = 16
_ROUNDS: Final = 18


def md2(data: bytes) -> str:
    """Return the MD2 hash of some bytes (RFC 1319)."""
    missing = _BLOCK - len(data) % _BLOCK
    padded = data + bytes([missing]) * missing
    checksum, last = bytearray(_BLOCK), 0
    for start in range(0, len(padded), _BLOCK):
        for index in range(_BLOCK):
            checksum[index] ^= _PERMUTATION[padded[start + index] ^ last]
            last = checksum[index]
    state = bytearray(3 * _BLOCK)
    for start in range(0, len(padded) + _BLOCK, _BLOCK):
        block = padded[start : start + _BLOCK] or checksum
        for index in range(_BLOCK):
            state[_BLOCK + index] = block[index]
            state[2 * _BLOCK + index] = block[index] ^ state[index]
        carried = 0
        for number in range(_ROUNDS):
            for index in range(3 * _BLOCK):
                state[index] ^= _PERMUTATION[carried]
                carried = state[index]
            carried = (carried + number) % 256
    return state[:_BLOCK].hex()


def _by_hashlib(name: str) -> Callable[[bytes], str]:
    return lambda data: hashlib.new(name, data, usedforsecurity=False).hexdigest()


def _hash(digest: Callable[[bytes], str], value: Any) -> Any:
    text = to_text(value)
    return UNDEFINED if text is UNDEFINED else digest(to_bytes(text))


HASHES: Final[dict[str, Function]] = {
    "md2": of(functools.partial(_hash, md2), 1),
    **{
        name: of(functools.partial(_hash, _by_hashlib(name)), 1)
        for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
    },
}
