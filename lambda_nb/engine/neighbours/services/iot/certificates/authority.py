"""The authority that signs the certificates of devices: AWS has one of its own, so has this engine.

Made when the first certificate is. The engine trusts it where devices connect.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

PATH = "LAMBDA_NB_IOT_AUTHORITY"
"""The environment variable with the path of the authority's certificate (PEM)."""

_VALID_UNTIL = datetime(2049, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
"""The end of certificates that AWS IoT makes (IoT developer guide, "Create AWS IoT client
certificates")."""
_EARLIER = timedelta(minutes=2)


class Authority:
    """Signs certificates of devices.

    Parameters
    ----------
    path
        Of its certificate. Its key lies beside it, in a file that only its owner may read.
    """

    def __init__(self, path: Path) -> None:
        self._certificate_path = path
        self._key_path = path.with_name(path.stem + "-key.pem")
        self._making = threading.Lock()
        self._pair: tuple[Any, Any] | None = None

    def sign(self, subject: Any, public_key: Any) -> str:
        """A certificate for a public key.

        Parameters
        ----------
        subject
            An ``x509.Name``.
        public_key
            Of ``cryptography``.

        Returns
        -------
        str
            PEM.
        """
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization

        certificate, key = self._own()
        known = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)
        made = (
            _builder(certificate.subject, subject, public_key)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(signer, critical=False)
            .sign(key, hashes.SHA256())
        )
        return str(made.public_bytes(serialization.Encoding.PEM).decode())

    def _own(self) -> tuple[Any, Any]:
        with self._making:
            if self._pair is None:
                self._certificate_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with _only_one(self._certificate_path.parent):
                    self._pair = self._read() or self._make()
            return self._pair

    def _read(self) -> tuple[Any, Any] | None:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            certificate = x509.load_pem_x509_certificate(self._certificate_path.read_bytes())
            return certificate, load_pem_private_key(self._key_path.read_bytes(), None)
        except FileNotFoundError:
            return None

    def _make(self) -> tuple[Any, Any]:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "lambda_nb"),
                x509.NameAttribute(
                    x509.NameOID.COMMON_NAME, "lambda_nb IoT devices, this engine only"
                ),
            ]
        )
        certificate = (
            _builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(True, 0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
        )
        _write(self._key_path, private)
        # Last: a certificate without its key would be read as no pair.
        _write(self._certificate_path, certificate.public_bytes(form.Encoding.PEM))
        return certificate, key


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    """Let no other process of this data directory make an authority meanwhile."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        flock(descriptor, LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _builder(issuer: Any, subject: Any, public_key: Any) -> Any:
    from cryptography import x509

    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=public_key,
        serial_number=x509.random_serial_number(),
        not_valid_before=datetime.now(timezone.utc) - _EARLIER,
        not_valid_after=_VALID_UNTIL,
    )


def _usage(*, signs: bool) -> Any:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
    new.replace(path)
