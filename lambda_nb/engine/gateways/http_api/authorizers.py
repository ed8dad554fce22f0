"""Who may take a route: JWT and IAM authorizers, and no authorizer at all."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.admission.signature_v4 import claim_of
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.http_api.events import iam_identity
from lambda_nb.engine.gateways.http_api.exchange import Exchange
from lambda_nb.engine.gateways.http_api.faults import forbidden, unauthorized
from lambda_nb.engine.gateways.http_api.mapping import Value, compiled
from lambda_nb.engine.gateways.shared.jwt import TokenRefused, Tokens, as_texts

_AUTHORIZATION = "$request.header.Authorization"


class Authorizer(Protocol):
    """Lets requests in."""

    async def admit(self, exchange: Exchange) -> None:
        """Return if a request may go on; take note of who makes it.

        Raises
        ------
        Fault
            It may not.
        """


class JwtAuthorizer:
    """Lets in who has a token of an issuer, with one of the route's scopes.

    Parameters
    ----------
    authorizer
        As GetAuthorizer shows it.
    scopes
        The route's; any will do. None are asked for if there are none.
    tokens
        Verifies tokens.
    """

    def __init__(
        self, authorizer: Mapping[str, Any], scopes: Collection[str], tokens: Tokens
    ) -> None:
        configuration = authorizer.get("JwtConfiguration") or {}
        self._issuer = str(configuration.get("Issuer", ""))
        self._audiences = tuple(configuration.get("Audience") or ())
        self._scopes = tuple(scopes)
        self._sources = identity_sources(authorizer.get("IdentitySource") or [_AUTHORIZATION])
        self._tokens = tokens

    async def admit(self, exchange: Exchange) -> None:
        """Return if the token counts."""
        token = next(filter(None, (source(exchange, None) for source in self._sources)), None)
        if token is None:
            raise unauthorized("Bearer")
        wanted = " ".join(self._scopes)
        try:
            verified = await self._tokens.verify(token, self._issuer, self._audiences)
        except TokenRefused as refused:
            exchange.notes["authorizerError"] = str(refused)
            raise unauthorized(_challenge(wanted, "invalid_token", str(refused))) from refused
        scopes = [scope for scope in self._scopes if scope in verified.scopes]
        if self._scopes and not scopes:
            problem = "the token does not have a required scope"
            exchange.notes["authorizerError"] = problem
            raise forbidden(problem, _challenge(wanted, "insufficient_scope", problem))
        exchange.authorizer = {
            "jwt": {"claims": as_texts(verified.claims), "scopes": scopes or None}
        }


def _challenge(scope: str, error: str, description: str) -> str:
    return f'Bearer scope="{scope}" error="{error}" error_description="{description}"'


class IamAuthorizer:
    """Lets in who has signed the request with keys of this engine.

    Parameters
    ----------
    gate
        Checks signatures.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def admit(self, exchange: Exchange) -> None:
        """Return if the signature counts."""
        request = exchange.request
        try:
            claim = claim_of(request.headers, request.query)  # asked for even if nobody checks it
            wanted = ("execute-api", exchange.stage.region)
            if not claim.is_for(*wanted):
                signed_for = f"{claim.service} in {claim.region_set or claim.region}"
                raise forbidden(f"signed for {signed_for}, not for {' in '.join(wanted)}")
            digest = hashlib.sha256(exchange.body).hexdigest()
            caller = self._gate.glance(request).admit(digest, anywhere=True)
        except AWSError as error:
            raise forbidden(error.message) from error
        exchange.caller = caller
        exchange.authorizer = {"iam": iam_identity(caller)}


def identity_sources(given: Collection[str]) -> list[Value]:
    """Where an authorizer finds who asks.

    Raises
    ------
    BadMapping
        One of them is no variable of a request.
    """
    return [compiled(source) for source in given]
