"""Signature Version 4A: what SDKs sign for several Regions with, such as calls to key value stores.

The key pair comes from an access key and its secret; the canonical request is that of Version 4
(AWS Signature Version 4 for API requests, "Signature Version 4A"; the derivation is that of
``aws-c-auth``: NIST SP 800-108 in counter mode, until a number fits the curve P-256).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import lru_cache
from typing import Any

ALGORITHM = "AWS4-ECDSA-P256-SHA256"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_MOST_TRIES = 254
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d+")


def covers(region_set: str, region: str) -> bool:
    """Whether a set of Regions, as ``X-Amz-Region-Set`` names them, has a Region in it.

    A name may end in an asterisk.

    Examples
    --------
    >>> [covers(given, "eu-west-1") for given in ("*", "us-east-1, eu-west-1", "eu-*", "us-*")]
    [True, True, True, False]
    """
    return any(
        region.startswith(one[:-1]) if one.endswith("*") else one == region
        for one in map(str.strip, region_set.split(","))
    )


def region_in(region_set: str) -> str:
    """The first Region that a set names as a whole; empty if it names none.

    Examples
    --------
    >>> region_in("us-*,eu-west-1"), region_in("*")
    ('eu-west-1', '')
    """
    named = (one.strip() for one in region_set.split(","))
    return next((one for one in named if _REGION.fullmatch(one)), "")


def is_signed(access_key: str, secret: str, text: str, signature: str) -> bool:
    """Whether a signature (hex) of a string to sign was made with an access key's secret."""
    from cryptography.exceptions import InvalidSignature  # not at the start: it is large
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        _public_key(access_key, secret).verify(
            bytes.fromhex(signature), text.encode(), ec.ECDSA(hashes.SHA256())
        )
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=64)
def _public_key(access_key: str, secret: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    number = private_number(access_key, secret)
    return ec.derive_private_key(number, ec.SECP256R1()).public_key()


def private_number(access_key: str, secret: str) -> int:
    """The private key of an access key."""
    for counter in range(1, _MOST_TRIES + 1):
        told = b"\0\0\0\1" + ALGORITHM.encode() + b"\0" + access_key.encode()
        told += bytes([counter]) + (256).to_bytes(4, "big")
        drawn = hmac.new(f"AWS4A{secret}".encode(), told, hashlib.sha256).digest()
        number = int.from_bytes(drawn, "big")
        if number <= _ORDER - 2:
            return number + 1
    raise ValueError(f"no key of P-256 can be made of the access key {access_key}")
