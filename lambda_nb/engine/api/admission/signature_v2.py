"""Presigned URLs of S3 in the old form (``AWSAccessKeyId``, ``Expires``, ``Signature``).

boto3 still makes them by default, so the engine accepts them for S3.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import HmacV1QueryAuth
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from lambda_nb.engine.api.admission.credentials import Credential
from lambda_nb.engine.api.admission.host_names import path_with_bucket
from lambda_nb.engine.api.admission.signature_v4 import MISMATCH, refused
from lambda_nb.engine.errors import AWSError


def access_key(query: str) -> str | None:
    """The key that a URL claims to be signed with; ``None`` if it is not of the old form."""
    if "AWSAccessKeyId=" not in query or "Signature=" not in query:
        return None
    return dict(parse_qsl(query)).get("AWSAccessKeyId")


def verify(
    find: Callable[[str], Credential | None],
    now: float,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
) -> Credential:
    """The credential that signed a URL.

    Parameters
    ----------
    now
        Epoch time, s.
    path, query
        Percent-encoded, as they came over the wire.

    Raises
    ------
    AWSError
        403: unknown key, wrong signature, or expired.
    """
    given = dict(parse_qsl(query))
    credential = find(given.get("AWSAccessKeyId", ""))
    token = given.get("x-amz-security-token", "")
    if credential is None or not hmac.compare_digest(credential.token.encode(), token.encode()):
        raise refused(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    expires = given.get("Expires", "")
    signed: Any = HTTPHeaders()
    for name, value in headers.items():
        signed[name] = value
    if token:
        signed["x-amz-security-token"] = token
    signer = _Signer(credential, expires)
    path = path_with_bucket(path, headers.get("host", ""))  # it is signed so in either form
    text = signer.canonical_string(method, urlsplit(f"{path}?{query}"), signed)
    right = signer.sign_string(text)
    if not hmac.compare_digest(right.encode(), given.get("Signature", "").encode()):
        raise refused("InvalidSignatureException", MISMATCH)
    if not expires.isdecimal() or int(expires) < now:
        raise AWSError("AccessDenied", "Request has expired", 403)
    return credential


class _Signer(HmacV1QueryAuth):
    """botocore's signer, with the date that the URL names."""

    def __init__(self, credential: Credential, expires: str) -> None:
        super().__init__(Credentials(credential.access_key, credential.secret_key))
        self._named_expiry = expires

    def _get_date(self) -> str:
        return self._named_expiry
