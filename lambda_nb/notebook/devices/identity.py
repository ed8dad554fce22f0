"""A device's identity at AWS IoT: its thing, its certificate and the policy that lets it talk."""

from __future__ import annotations

import contextlib
import json
import ssl
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lambda_nb.notebook.connection.clients import Clients, engine_status
from lambda_nb.notebook.errors import AWSError, NotebookError, aws_errors

POLICY = "lambda-nb-devices"
"""The policy of certificates that are made here."""
_ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}],
}


@dataclass(frozen=True)
class Identity:
    """What a device connects with.

    Attributes
    ----------
    thing
        Its name: also its client id.
    certificate_id, certificate_arn
        Of its certificate.
    host, port
        Where the broker answers.
    tls
        The settings of its connections.
    """

    thing: str
    certificate_id: str
    certificate_arn: str
    host: str
    port: int
    tls: ssl.SSLContext = field(repr=False)


class Registry:
    """Makes things and certificates at one endpoint.

    Parameters
    ----------
    clients
        The notebook's connection.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._iot = clients.client("iot")
        self._ready = False
        self.host, self.port = "", 0
        self._authority: str | None = None

    def enrol(self, thing: str) -> Identity:
        """Make a thing (if it is not there) and a certificate for it.

        The key is made here and never leaves this process, except for a file that is deleted at
        once.

        Raises
        ------
        AWSError
            AWS IoT refuses.
        """
        self._prepare()
        key, request = _key_and_request(thing)
        iot = self._iot
        with aws_errors():
            iot.create_thing(thingName=thing)
            made = iot.create_certificate_from_csr(
                certificateSigningRequest=request, setAsActive=True
            )
            arn, number = made["certificateArn"], made["certificateId"]
            iot.attach_policy(policyName=POLICY, target=arn)
            iot.attach_thing_principal(thingName=thing, principal=arn)
        tls = _context(made["certificatePem"] + key, self._authority)
        return Identity(thing, number, arn, self.host, self.port, tls)

    def withdraw(self, identity: Identity, *, thing: bool = False) -> None:
        """Delete a certificate that was made here, and with ``thing`` also the thing."""
        iot, arn, number = self._iot, identity.certificate_arn, identity.certificate_id
        calls = [
            partial(iot.detach_thing_principal, thingName=identity.thing, principal=arn),
            partial(iot.detach_policy, policyName=POLICY, target=arn),
            partial(iot.update_certificate, certificateId=number, newStatus="INACTIVE"),
            partial(iot.delete_certificate, certificateId=number, forceDelete=True),
        ]
        if thing:
            calls.append(partial(iot.delete_thing, thingName=identity.thing))
        for call in calls:
            try:
                with aws_errors():
                    call()
            except AWSError as error:
                if error.code != "ResourceNotFoundException":  # gone already
                    raise

    def _prepare(self) -> None:
        """Find the broker, and make the policy, once."""
        if self._ready:
            return
        with aws_errors():
            with contextlib.suppress(self._iot.exceptions.ResourceAlreadyExistsException):
                self._iot.create_policy(policyName=POLICY, policyDocument=json.dumps(_ALLOWED))
            told = self._iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
        host, _, port = told.partition(":")
        self.host, self.port = host, int(port or 8883)
        status = engine_status(self._clients.client())
        if status is not None:
            authority = status.get("certificate")
            if authority is None:
                raise NotebookError("the engine has no certificate; its log says why")
            self._authority = str(authority)
        self._ready = True


def _key_and_request(name: str) -> tuple[str, str]:
    """A new private key and a request for its certificate, both PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    signed = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return private.decode(), signed.decode()


def _context(pem: str, authority: str | None) -> ssl.SSLContext:
    """TLS settings with a client certificate; ``authority`` is the file of the engine's own."""
    context = ssl.create_default_context(cafile=authority)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "device.pem"
        path.touch(mode=0o600)
        path.write_text(pem)
        context.load_cert_chain(path)
    return context


def registry_of(clients: Clients, known: dict[Any, Registry]) -> Registry:
    """The registry of an endpoint, made once for each connection."""
    client = clients.client()
    if client not in known:
        known[client] = Registry(clients)
    return known[client]
