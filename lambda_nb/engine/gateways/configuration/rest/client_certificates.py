"""Certificates with which API Gateway shows backends who it is."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request, not_found
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

VALID_DAYS = 365
"""Days that a certificate is valid (developer guide, "SSL certificates for backends", 2026)."""
_RULES = {"/description": patches.value(patches.text, "add", "replace", "remove")}


class ClientCertificates:
    """The client certificates of a Region.

    Parameters
    ----------
    records
        Where they are kept.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "GenerateClientCertificate": self._generate,
            "GetClientCertificate": self._get,
            "GetClientCertificates": self._list,
            "UpdateClientCertificate": self._update,
            "DeleteClientCertificate": self._delete,
        }

    async def _generate(self, request: Request, caller: Caller) -> Response:
        now = datetime.now(timezone.utc).replace(microsecond=0)
        certificate: Record = {
            "clientCertificateId": kept.new_id(),
            "createdDate": int(now.timestamp()),
            "expirationDate": int((now + timedelta(days=VALID_DAYS)).timestamp()),
        }
        for member in ("description", "tags"):
            if request.get(member):
                certificate[member] = request[member]
        made = await asyncio.to_thread(_make, now)
        certificate["pemEncodedCertificate"], certificate["privateKey"] = made
        identifier = certificate["clientCertificateId"]
        return _shown(self._records.put(kept.CLIENT_CERTIFICATE, "", identifier, certificate))

    def _get(self, request: Request, caller: Caller) -> Response:
        return _shown(self._find(request))

    def _list(self, request: Request, caller: Caller) -> Response:
        found = self._records.children(kept.CLIENT_CERTIFICATE, "").values()
        answer = page(request, found, lambda one: str(one["clientCertificateId"]))
        return {**answer, "items": [_shown(one) for one in answer["items"]]}

    def _update(self, request: Request, caller: Caller) -> Response:
        changed = patches.apply(self._find(request), request, _RULES)
        identifier = changed["clientCertificateId"]
        return _shown(self._records.put(kept.CLIENT_CERTIFICATE, "", identifier, changed))

    def _delete(self, request: Request, caller: Caller) -> Response:
        identifier = self._find(request)["clientCertificateId"]
        for api_id in self._records.children(kept.API, ""):
            for stage in self._records.children(kept.STAGE, api_id).values():
                if stage.get("clientCertificateId") == identifier:
                    raise bad_request(
                        f"Client certificate {identifier} is used by the stage "
                        f"{stage['stageName']} of the API {api_id}"
                    )
        self._records.delete(kept.CLIENT_CERTIFICATE, "", identifier)
        return {}

    def _find(self, request: Request) -> Record:
        found = self._records.find(kept.CLIENT_CERTIFICATE, "", request["clientCertificateId"])
        if found is None:
            raise not_found("Invalid Client Certificate identifier specified")
        return found


def _shown(certificate: Record) -> Response:
    return {name: value for name, value in certificate.items() if name != "privateKey"}


def _make(now: datetime) -> tuple[str, str]:
    """A certificate that signs itself, and its key, both as PEM."""
    # Imported late: few ever need it.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ApiGateway")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
