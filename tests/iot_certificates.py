"""Certificates as makers of devices have them: authorities, and what they sign."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


def name_of(text: str) -> x509.Name:
    """A name with a common name only."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Maker:
    """An authority of one's own.

    Attributes
    ----------
    pem : str
        Its certificate.
    """

    def __init__(self, name: str = "a maker of sensors") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        # Two authorities of one name could not be told apart by their certificates.
        self._name = name_of(f"{name} {uuid.uuid4()}")
        self.pem = self._sign(self._name, self._key.public_key(), authority=True)

    def certificate(self, name: str, key: Any = None, *, days: int = 30) -> str:
        """A certificate that it signs (PEM); ``days`` until it ends."""
        public = (key or ec.generate_private_key(ec.SECP256R1())).public_key()
        return self._sign(name_of(name), public, authority=False, days=days)

    def server(self, name: str) -> str:
        """The key and the certificate of a server with a name (PEM)."""
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        certificate = self._sign(name_of(name), key.public_key(), authority=False, server=name)
        return private.decode() + certificate

    def _sign(
        self,
        subject: x509.Name,
        public: Any,
        *,
        authority: bool,
        days: int = 30,
        server: str = "",
    ) -> str:
        now = datetime.now(timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if server:
            names = x509.SubjectAlternativeName([x509.DNSName(server)])
            builder = builder.add_extension(names, critical=False)
        made = builder.sign(self._key, hashes.SHA256())
        return made.public_bytes(PEM).decode()


def request(name: str, key: Any) -> str:
    """A request for a certificate (PEM)."""
    made = x509.CertificateSigningRequestBuilder().subject_name(name_of(name))
    return made.sign(key, hashes.SHA256()).public_bytes(PEM).decode()
