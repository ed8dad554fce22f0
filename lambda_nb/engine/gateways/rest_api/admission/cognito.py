"""Authorizers of Cognito user pools."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal
from lambda_nb.engine.gateways.shared.jwt import TokenRefused, Tokens, Verified, as_texts
from lambda_nb.engine.gateways.shared.surroundings import Surroundings

_POOL = re.compile(r"arn:aws[a-z-]*:cognito-idp:([a-z0-9-]+):\d{12}:userpool/([A-Za-z0-9_-]+)")
_EXPIRED = "the token has expired"


class UserPools:
    """Verifies tokens of user pools.

    Parameters
    ----------
    surroundings
        What the gateways of the Region work with.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._tokens = Tokens(surroundings.upstream)

    async def authorize(
        self,
        authorizer: Mapping[str, Any],
        token: str,
        scopes: Sequence[str],
        exchange: Exchange,
    ) -> dict[str, Any]:
        """What events say of the user whose token it is.

        Where the method names scopes, it is an access token with one of them; else an identity
        token.

        Raises
        ------
        Refusal
            ``UNAUTHORIZED``.
        """
        refused: TokenRefused | None = None
        for arn in authorizer.get("providerARNs") or ():
            pool = _POOL.fullmatch(arn)
            if pool is None:
                continue
            issuer = f"https://cognito-idp.{pool[1]}.amazonaws.com/{pool[2]}"
            try:
                verified = await self._tokens.verify(token, issuer, ())
            except TokenRefused as error:
                refused = error if refused is None or str(error) == _EXPIRED else refused
                continue
            if not _suits(verified, scopes):
                break
            return {"claims": _claims(verified)}
        exchange.log.failed(f"Unauthorized request: {exchange.request_id}: {refused or 'scope'}")
        expired = refused is not None and str(refused) == _EXPIRED
        raise Refusal(
            "UNAUTHORIZED", "The incoming token has expired" if expired else "Unauthorized"
        )


def _suits(verified: Verified, scopes: Sequence[str]) -> bool:
    use = verified.claims.get("token_use")
    if scopes:
        return use == "access" and any(scope in scopes for scope in verified.scopes)
    return use == "id"


def _claims(verified: Verified) -> dict[str, str]:
    """The claims as texts: lists joined by commas, times as Java prints them."""
    texts = as_texts(verified.claims)
    for name, value in verified.claims.items():
        if isinstance(value, list):
            texts[name] = ",".join(map(str, value))
    for name in ("exp", "iat"):
        if isinstance(verified.claims.get(name), (int, float)):
            moment = datetime.fromtimestamp(verified.claims[name], timezone.utc)
            texts[name] = f"{moment:%a %b %d %H:%M:%S} UTC {moment:%Y}"
    return texts
