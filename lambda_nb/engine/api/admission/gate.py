"""The signature check that all APIs of the engine share."""

from __future__ import annotations

import time
from typing import NamedTuple

from lambda_nb.engine.api.admission import signature_v2
from lambda_nb.engine.api.admission.credentials import Credential, Credentials
from lambda_nb.engine.api.admission.signature_v4 import (
    Claim,
    Verifier,
    claim_of,
    claimed_service,
    declared_payload_hash,
    refused,
)
from lambda_nb.engine.api.admission.web_pages import refuse_foreign
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Caller


class Gate:
    """Admits signed requests, or (``auth="none"``) all requests that no web page made.

    Parameters
    ----------
    credentials
        The keys that were issued.
    region
        This Lambda's Region; signatures for another are refused.
    open
        Whether requests need no signature.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        region: str,
        open: bool = False,  # noqa: A002
    ) -> None:
        self.open = open
        self.anyone = credentials.caller(credentials.user)
        self.find = credentials.find
        self.of_function = credentials.of_function
        self._credentials = credentials
        self._region = region
        self.verifier = Verifier(credentials.find)

    def glance(self, request: HttpRequest) -> Visitor:
        """Refuse, before the body is read, a request that can never be admitted.

        Raises
        ------
        AWSError
            The 403 that the caller gets.
        """
        if self.open:
            refuse_foreign(request.headers)
            return Visitor(self, request, None)
        claim = None
        key = _of_the_old_form(request)
        if key is None:
            claim = claim_of(request.headers, request.query)
            key = claim.access_key
        if self._credentials.find(key) is None:
            raise refused(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        return Visitor(self, request, claim)

    def own_credential(self, request: HttpRequest) -> Credential | None:
        """The engine's own credential that an admitted request names, if it names one."""
        key = _of_the_old_form(request)
        try:
            return self._credentials.own(key or claim_of(request.headers, request.query).access_key)
        except AWSError:  # with "none", requests need not be signed
            return None

    def is_user(self, request: HttpRequest) -> bool:
        """Whether an admitted request is the engine's user's, not a function's or another's."""
        return self.own_credential(request) is self._credentials.user

    def verify(
        self,
        request: HttpRequest,
        claim: Claim | None,
        payload_hash: str,
        *,
        anywhere: bool,
        service: str,
    ) -> Caller:
        """Does the work of :meth:`Visitor.admit`."""
        if claim is None and anywhere:
            return self._credentials.caller(
                signature_v2.verify(
                    self._credentials.find,
                    time.time(),
                    request.method,
                    request.path,
                    request.query,
                    request.headers,
                )
            )
        if claim is None:
            claim = claim_of(request.headers, request.query)
        if not anywhere and not claim.is_for(service, self._region):
            what = "service" if claim.service != service else "region"
            wanted = service if what == "service" else self._region
            text = f"Credential should be scoped to correct {what}: '{wanted}'."
            if service == "lambda":  # other services leave this out
                said = claim.service if what == "service" else claim.region_set or claim.region
                text = f"Credential should be scoped to a valid {what}, not '{said}'. {text}"
            raise refused("InvalidSignatureException", text)
        declared = declared_payload_hash(request.headers)
        if declared is not None and len(declared) != 64:
            payload_hash = declared
        credential = self.verifier.verify(
            claim, request.method, request.path, request.query, request.headers, payload_hash
        )
        return self._credentials.caller(credential)


def _of_the_old_form(request: HttpRequest) -> str | None:
    """The key of a URL in the old form, which counts only where nothing else says who signed.

    Otherwise a link to an object would be as good as the signature that a request claims to have.
    """
    if claimed_service(request.headers, request.query) is not None:
        return None
    return signature_v2.access_key(request.query)


class Visitor(NamedTuple):
    """A request whose body is not read yet."""

    gate: Gate
    request: HttpRequest
    claim: Claim | None

    def admit(
        self, payload_hash: str, *, anywhere: bool = False, service: str = "lambda"
    ) -> Caller:
        """The caller that signed the request.

        Parameters
        ----------
        payload_hash
            Hex SHA-256 of the body.
        anywhere
            Also accept a signature for another Region or service than this one.
        service
            What the signature must be for, in the gate's Region.

        Raises
        ------
        AWSError
            The 403 that the caller gets.
        """
        if self.gate.open:
            return self.gate.anyone
        return self.gate.verify(
            self.request, self.claim, payload_hash, anywhere=anywhere, service=service
        )
