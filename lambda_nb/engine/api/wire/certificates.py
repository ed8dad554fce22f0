"""The engine's certificate, and how functions come to trust it.

Functions build the address of a WebSocket API's back channel as ``https://DOMAIN/STAGE``: every
guide shows it so. Therefore the engine's port understands TLS as well, and the environments of
functions have variables by which AWS's SDKs and Node.js trust its certificate. Nobody else trusts
it. The key of the authority that signed it is thrown away: nothing more can be signed with it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from pathlib import Path
from typing import NamedTuple

log = logging.getLogger(__name__)

_NAMES = (
    "localhost",
    "*.localhost",
    "*.execute-api.localhost",
    "*.lambda-url.localhost",
    "*.elb.localhost",
    "*.cloudfront.localhost",
)
_FIRST_LINE = f"{' '.join(_NAMES)}\n".encode()
"""Of the file with the certificate: one of an older engine lacks names, and is made again."""
_DAYS = 3650
_PATIENCE_S = 60
_MOST_OF_A_BUNDLE = 4 << 20  # bytes
_PROTOCOLS = ("x-amzn-mqtt-ca", "mqtt", "x-amzn-http-ca", "http/1.1")
"""What clients may name in ALPN: AWS IoT's words, and HTTP. None has to be named."""


class Anchors(NamedTuple):
    """The certificates of clients that are trusted.

    Attributes
    ----------
    revision : Hashable
        Differs whenever the certificates do.
    certificates : sequence of bytes
        DER: authorities, or certificates of clients themselves. Whoever shows a certificate that
        is none of them, nor signed by one, gets no connection.
    """

    revision: Hashable
    certificates: Sequence[bytes]


ClientAnchors = Callable[[], Awaitable[Anchors]]


class Certificates:
    """The certificate of one engine.

    Parameters
    ----------
    directory
        Where it is kept; made if need be.

    Attributes
    ----------
    public : Path
        The folder that functions have to be able to read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._own = directory / "server.pem"
        self.public = directory / "public"
        self._authority = self.public / "lambda-nb.pem"
        self._bundle = self.public / "bundle.pem"
        self._context: ssl.SSLContext | None = None
        self._anchors: ClientAnchors | None = None
        self._asking: tuple[Hashable, ssl.SSLContext] | None = None
        self._failed = False
        self._ready = asyncio.Event()
        self.public.mkdir(parents=True, exist_ok=True)
        self.public.chmod(0o755)  # whatever the umask
        for path in (self._authority, self._bundle):
            if not path.exists():  # functions may start before there is a certificate
                _replace(path, _trusted_otherwise(), 0o644)

    async def make(self) -> None:
        """Make the certificate, unless there is one."""
        try:
            await asyncio.to_thread(self._make)
        finally:
            self._ready.set()

    def _make(self) -> None:
        try:
            if not self._is_good():
                # In a process of its own: what makes certificates takes 9 MB and is needed once.
                command = [sys.executable, "-I", __file__, str(self._directory)]
                subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE_S)
            else:
                self._renew_bundle()
            context = self._new_context()
        except (OSError, subprocess.SubprocessError) as error:
            self._failed = True
            told = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace").split("\n")
            detail = next((line for line in reversed(told) if line.strip()), error)
            log.warning("no certificate could be made; functions cannot use https here: %s", detail)
        else:
            self._context = context

    @property
    def authority(self) -> str | None:
        """The file of who signed the certificate; ``None`` if there is none."""
        return str(self._authority) if self._context is not None else None

    def _new_context(self) -> ssl.SSLContext:
        # Not at the top: this file is also a program, which needs nothing of ours.
        from lambda_nb.engine.api.wire.tls import remember_server_name

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._own)
        context.set_alpn_protocols(list(_PROTOCOLS))
        context.sni_callback = remember_server_name
        return context

    def ask_clients(self, anchors: ClientAnchors) -> None:
        """From now on ask clients for a certificate of theirs, as devices have one.

        They need not have one. While there are no trusted certificates nobody is asked.

        Parameters
        ----------
        anchors
            Asked for each connection: it must be quick while nothing has changed.
        """
        self._anchors = anchors

    async def context(self) -> ssl.SSLContext | None:
        """What connections with TLS need, once it is made; ``None`` if that was not possible."""
        await self._ready.wait()
        if self._anchors is None or self._context is None:
            return self._context
        try:
            anchors = await self._anchors()
            if not anchors.certificates:
                return self._context
            if self._asking is None or self._asking[0] != anchors.revision:
                self._asking = anchors.revision, self._asking_for(anchors.certificates)
        except Exception:
            log.exception("it is not known which certificates of devices are trusted")
        return self._context if self._asking is None else self._asking[1]

    def _asking_for(self, certificates: Sequence[bytes]) -> ssl.SSLContext:
        context = self._new_context()
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # Without it a client's certificate of today's form may be refused for its extensions.
        context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", ssl.VerifyFlags(0))
        context.load_verify_locations(cadata=b"".join(certificates))
        return context

    def variables(self) -> dict[str, str]:
        """Environment variables by which a function trusts the certificate.

        Two SDKs read ``AWS_CA_BUNDLE``, Python's and Ruby's, and AWS's CLI; it replaces what they
        trust otherwise, and so its file has that too. Node.js reads the other one.
        """
        if self._failed:
            return {}
        return {
            "AWS_CA_BUNDLE": str(self._bundle),
            "NODE_EXTRA_CA_CERTS": str(self._authority),
        }

    def _renew_bundle(self) -> None:
        """Take over what is trusted otherwise now: it changes while the certificate stays."""
        bundle = self._authority.read_bytes() + _trusted_otherwise()
        if self._bundle.read_bytes() != bundle:
            _replace(self._bundle, bundle, 0o644)

    def _is_good(self) -> bool:
        if not (self._own.exists() and self._authority.exists() and self._bundle.exists()):
            return False
        with self._own.open("rb") as own:
            made_for = own.readline()
        recent = time.time() - self._own.stat().st_mtime < (_DAYS - 30) * 86_400
        return recent and made_for == _FIRST_LINE


def _write(directory: Path) -> None:
    """Make authority and certificate, and write what is needed of them."""
    from datetime import datetime, timedelta, timezone
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.now(timezone.utc)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    issuer, subject = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        for name in ("lambda-nb, this engine only", "lambda-nb")
    )
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in _NAMES]
    names += [x509.IPAddress(ip_address(address)) for address in ("127.0.0.1", "::1")]

    def made(
        name: x509.Name, public: ec.EllipticCurvePublicKey, authority: bool
    ) -> x509.CertificateBuilder:
        usage = x509.KeyUsage(
            digital_signature=not authority,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=authority,
            crl_sign=authority,
            encipher_only=False,
            decipher_only=False,
        )
        builder = x509.CertificateBuilder(
            issuer_name=issuer,
            subject_name=name,
            public_key=public,
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(days=1),
            not_valid_after=now + timedelta(days=_DAYS),
        )
        constraints = x509.BasicConstraints(ca=authority, path_length=0 if authority else None)
        known = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
        signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)
        own = x509.SubjectKeyIdentifier.from_public_key(public)
        builder = builder.add_extension(constraints, critical=True)
        builder = builder.add_extension(usage, critical=True)
        builder = builder.add_extension(own, critical=False)
        return builder.add_extension(signer, critical=False)

    authority = made(issuer, authority_key.public_key(), True).sign(authority_key, hashes.SHA256())
    alternatives = x509.SubjectAlternativeName(names)
    serving = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    certificate = (
        made(subject, key.public_key(), False)
        .add_extension(alternatives, critical=False)
        .add_extension(serving, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = serialization.Encoding.PEM
    trusted = authority.public_bytes(pem)
    public = directory / "public"
    _replace(public / "lambda-nb.pem", trusted, 0o644)
    _replace(public / "bundle.pem", trusted + _trusted_otherwise(), 0o644)
    # Last: without it the others are made again.
    content = _FIRST_LINE + private + certificate.public_bytes(pem)
    _replace(directory / "server.pem", content, 0o600)


def _trusted_otherwise() -> bytes:
    """The authorities that botocore trusts by itself, or else this system."""
    import certifi

    for place in (certifi.where(), ssl.get_default_verify_paths().cafile):
        if place and os.path.exists(place) and os.path.getsize(place) < _MOST_OF_A_BUNDLE:
            return Path(place).read_bytes()
    return b""


def _replace(path: Path, content: bytes, mode: int) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)  # whatever the umask
        file.write(content)
    new.replace(path)


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
