"""Bodies that are binary, by an API's media types; and compressed ones."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection

_MOST_BYTES = 10 << 20


def is_binary(media_type: str, binary: Collection[str]) -> bool:
    """Whether bodies of a media type (lower case, without parameters) are binary.

    Examples
    --------
    >>> is_binary("image/png", {"image/png"}), is_binary("text/plain", {"*/*"})
    (True, True)
    """
    return bool(binary) and ("*/*" in binary or media_type in binary)


def accepts_binary(accept: str | None, binary: Collection[str]) -> bool:
    """Whether a caller takes binary answers: only its first ``Accept`` type counts.

    Examples
    --------
    >>> accepts_binary("image/png, */*", {"image/png"}), accepts_binary("*/*", {"image/png"})
    (True, False)
    """
    first = (accept or "").partition(",")[0].partition(";")[0].strip().lower()
    return is_binary(first, binary)


def decompressed(body: bytes, encoding: str) -> bytes:
    """A request's body without its ``Content-Encoding``.

    Raises
    ------
    ValueError
        It is not encoded so, or has more than 10 MB.
    """
    wbits = {"gzip": 31, "deflate": 15, "identity": 0, "": 0}.get(encoding.strip().lower())
    if wbits is None:
        raise ValueError(f"unknown Content-Encoding {encoding!r}")
    if not wbits:
        return body
    inflater = zlib.decompressobj(wbits)
    try:
        plain = inflater.decompress(body, _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"the body is no {encoding}: {error}") from error
    if inflater.unconsumed_tail:
        raise ValueError(f"the body has more than {_MOST_BYTES} bytes")
    if not inflater.eof:
        raise ValueError(f"the body is no {encoding}: it ends too early")
    return plain


def compressed(body: bytes, accept_encoding: str | None) -> tuple[bytes, str] | None:
    """A body in the first encoding that the caller accepts, with its name; ``None`` for as it is.

    Examples
    --------
    >>> compressed(b"text", "br, gzip;q=0.8")[1]
    'gzip'
    >>> compressed(b"text", "gzip;q=0") is None
    True
    """
    for offered in (accept_encoding or "").split(","):
        name, _, weight = offered.partition(";")
        name = name.strip().lower()
        if weight.replace(" ", "").rstrip("0") in ("q=", "q=."):
            continue
        if name in ("gzip", "*"):
            return gzip.compress(body, 6, mtime=0), "gzip"
        if name == "deflate":
            return zlib.compress(body, 6), "deflate"
        if name == "identity":
            return None
    return None
