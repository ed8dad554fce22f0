"""Signed URLs and signed cookies: what a viewer shows.

CloudFront Developer Guide, 2026: "Use signed URLs", "Use signed cookies" and their pages on canned
and custom policies. The texts of refusals are those that AWS's support pages and users report. The
signature itself is checked elsewhere, with the bytes that :class:`Grant` says were signed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from lambda_nb.rules.edge.viewer import access_policies
from lambda_nb.rules.edge.viewer.access_policies import Policy, Refused, denied, malformed

PARAMETERS = frozenset({"Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"})
"""Query parameters of a signed URL. One of them makes a URL a signed one: cookies do not count."""

COOKIES = frozenset(f"CloudFront-{name}" for name in PARAMETERS)

_ALGORITHMS = frozenset({"SHA1", "SHA256"})
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)
_FROM_URL = str.maketrans("-_~", "+=/")
_DIGITS = re.compile(r"\d{1,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a viewer shows: a policy, and its signature.

    ``signed`` are the bytes that were signed with the private key of ``key_id``, ``signature`` the
    signature and ``algorithm`` ``SHA1`` or ``SHA256``.
    """

    key_id: str
    signature: bytes
    algorithm: str
    signed: bytes
    policy: Policy


def without_signature(querystring: str) -> str:
    """A query string without the parameters of a signed URL: what the origin and the cache see.

    Examples
    --------
    >>> without_signature("a=1&Expires=5&b=&Signature=x&Key-Pair-Id=K")
    'a=1&b='
    """
    return "&".join(
        part for part in querystring.split("&") if part.partition("=")[0] not in PARAMETERS
    )


def grant(querystring: str, cookies: Iterable[tuple[str, str]], base_url: str) -> Grant:
    """Read what a request shows.

    Parameters
    ----------
    cookies
        The request's cookies, names and values.
    base_url
        The URL as the viewer asked for it, without the parameters of the signature:
        ``https://d111111abcdef8.cloudfront.net/image.jpg?size=large``.

    Raises
    ------
    Refused
        Something is missing or cannot be read.
    """
    shown = _shown(querystring, cookies)
    key_id = shown.get("Key-Pair-Id", "")
    if not key_id:
        raise Refused(
            "MissingKey",
            "Missing Key-Pair-Id query parameter or cookie value",
            "neither the URL nor a cookie is signed: sign it with a key of the trusted key group",
        )
    algorithm = shown.get("Hash-Algorithm", "SHA1")
    if algorithm not in _ALGORITHMS:
        raise denied(f"Hash-Algorithm is {algorithm!r}, not SHA1 or SHA256")
    signature = _unencoded(shown.get("Signature", ""))
    if not signature:
        raise Refused(
            "MalformedSignature",
            "Could not unencode Signature",
            "Signature is missing or is not base64 with '+', '=' and '/' replaced by '-', '_', '~'",
        )
    if "Policy" in shown:
        policy = _unencoded(shown["Policy"])
        if policy is None:
            raise malformed("Policy is not base64 with '+', '=', '/' replaced by '-', '_', '~'")
        return Grant(key_id, signature, algorithm, policy, access_policies.custom(policy))
    expires = shown.get("Expires", "")
    if not _DIGITS.fullmatch(expires):
        raise malformed(f"there is no Policy, and Expires is {expires!r}, not whole seconds")
    # A canned policy has the URL in what was signed.
    read = Policy(None, access_policies.moment(int(expires)))
    return Grant(key_id, signature, algorithm, canned(base_url, expires), read)


def canned(base_url: str, expires: str) -> bytes:
    """The canned policy, as it must have been written to be signed."""
    condition = f'{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}'
    return f'{{"Statement":[{{"Resource":"{base_url}","Condition":{condition}}}]}}'.encode()


def _shown(querystring: str, cookies: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parts of a signature by their names in a URL; the first of a name counts."""
    shown: dict[str, str] = {}
    for part in querystring.split("&"):
        name, _, value = part.partition("=")
        if name in PARAMETERS:
            shown.setdefault(name, _unescaped(value))
    if not shown:
        for name, value in cookies:
            if name in COOKIES:
                shown.setdefault(name.removeprefix("CloudFront-"), value)
    return shown


def _unescaped(value: str) -> str:
    """A query parameter's value without percent-encoding."""
    raw = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), value.encode())
    return raw.decode("utf-8", "replace")


def _unencoded(value: str) -> bytes | None:
    """Bytes from CloudFront's base64 for URLs; ``None`` if it is none."""
    text = value.translate(_FROM_URL)
    if not _BASE64.fullmatch(text):
        return None
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return None
