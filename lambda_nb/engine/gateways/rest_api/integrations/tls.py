"""How servers behind a method are called by TLS: with a client certificate, verified or not."""

from __future__ import annotations

import os
import ssl
import tempfile
from functools import lru_cache

Certificate = tuple[str, str]
"""A client certificate and its key, as PEM."""


@lru_cache(64)
def tls(certificate: Certificate | None, *, verifies: bool) -> ssl.SSLContext | bool:
    """What a request to a server needs to know of TLS.

    Parameters
    ----------
    certificate
        By which a server can tell that API Gateway calls.
    verifies
        Whether the server must have a certificate that this machine trusts.

    Returns
    -------
    ssl.SSLContext or bool
        Without a certificate, only whether to verify.
    """
    if certificate is None:
        return verifies
    context = ssl.create_default_context()
    if not verifies:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    # OpenSSL reads certificates from files only.
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "certificate.pem")
        with open(path, "w", opener=_private) as file:
            file.write("\n".join(certificate))
        context.load_cert_chain(path)
    return context


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
