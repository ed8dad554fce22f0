"""Checks the signatures of signed URLs and cookies with the trusted key groups' public keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request
from lambda_nb.rules.edge.viewer import access_policies, signed_access
from lambda_nb.rules.edge.viewer.access_policies import Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes


def let_in(
    keys: Mapping[str, str], request: Request, site: str, ip: str, now: float
) -> Request | None:
    """Let a viewer in whose URL or cookies are signed.

    Parameters
    ----------
    keys
        The trusted public keys (PEM) by their ids.
    request
        The viewer's.
    site
        Protocol and host of the URL as the viewer sees it: ``http://d1.cloudfront.localhost:8080``.
    ip
        The viewer's address.
    now
        Seconds of the epoch.

    Returns
    -------
    Request or None
        The request without what was signed, as the cache and the origin see it; ``None`` for an
        ``OPTIONS`` request, which needs no signature ("Use signed URLs", 2026) and stays as it is.

    Raises
    ------
    Refused
        The viewer gets :func:`error_pages.access_refused` with its code and message.
    """
    if request.method == "OPTIONS":
        return None
    querystring = signed_access.without_signature(request.querystring)
    base_url = f"{site}{request.uri}" + (f"?{querystring}" if querystring else "")
    granted = signed_access.grant(request.querystring, _cookies(request.headers), base_url)
    pem = keys.get(granted.key_id)
    if pem is None:
        raise Refused(
            "InvalidKey",
            "Unknown Key",
            f"key {granted.key_id!r} is in none of the behaviour's trusted key groups",
        )
    if not is_signed(pem, granted.signature, granted.signed, granted.algorithm):
        raise Refused(
            "AccessDenied",
            "Access denied",
            f"the signature is not that of {granted.signed!r} by the private key of "
            f"{granted.key_id} with {granted.algorithm}: the policy or URL was signed otherwise",
        )
    access_policies.check(granted.policy, base_url, ip, now)
    let = request.copy()
    let.querystring = querystring
    _drop_cookies(let.headers)
    return let


def is_signed(pem: str, signature: bytes, signed: bytes, algorithm: str) -> bool:
    """Whether a signature is right.

    Parameters
    ----------
    pem
        The public key: RSA (its signatures are PKCS #1 v1.5) or ECDSA (DER).
    algorithm
        ``SHA1`` or ``SHA256``.
    """
    # Imported late: most distributions are open to everybody.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    key = _public_key(pem)
    # CloudFront's default; the viewer chooses it, the policy's owner signs with it.
    digest = hashes.SHA256() if algorithm == "SHA256" else hashes.SHA1()  # noqa: S303
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(digest))
        else:
            return False
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=256)
def _public_key(pem: str) -> PublicKeyTypes:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    return load_pem_public_key(pem.encode())


def _cookies(headers: Headers) -> list[tuple[str, str]]:
    return [
        (name, value)
        for header in headers.all("cookie")
        for name, found, value in (part.strip().partition("=") for part in header.split(";"))
        if found
    ]


def _drop_cookies(headers: Headers) -> None:
    """Take the signed cookies out: they are no part of the cache key, and none of the origin's
    business."""
    if not any(name in signed_access.COOKIES for name, _ in _cookies(headers)):
        return
    kept = [(name, value) for name, value in _cookies(headers) if name not in signed_access.COOKIES]
    headers.remove("cookie")
    if kept:
        headers.add("Cookie", "; ".join(f"{name}={value}" for name, value in kept))
