"""JSON Web Tokens: whether an issuer has signed one, and whether it counts here and now.

The rules are those of API Gateway's guide, "Control access to HTTP APIs with JWT authorizers".
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.gateways.shared.issuer_keys import IssuerKeys, NoKeys

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
"""API Gateway takes RSA signatures only (guide of JWT authorizers)."""


class TokenRefused(Exception):  # noqa: N818
    """A token does not count; the message is AWS's ``error_description``."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token says: its claims, and the scopes of ``scope`` or ``scp``."""

    claims: Mapping[str, Any]
    scopes: tuple[str, ...]


class Tokens:
    """Verifies tokens.

    Parameters
    ----------
    upstream
        Asks issuers for their keys.
    now
        The time, in seconds since 1970.
    """

    def __init__(self, upstream: Upstream, now: Callable[[], float] = time.time) -> None:
        self._issuers = IssuerKeys(upstream)
        self._now = now

    async def verify(self, token: str, issuer: str, audiences: Collection[str]) -> Verified:
        """What a token says.

        Parameters
        ----------
        token
            With or without ``Bearer`` before it.
        issuer
            The only issuer that counts.
        audiences
            One of them must be meant, by ``aud`` or, where there is none, ``client_id``. If there
            are none, nobody is asked for.

        Raises
        ------
        TokenRefused
            It does not count.
        """
        token = bare(token)
        kid = _kid(token)
        issuer = self._issuers.canonical(issuer)
        try:
            keys = await self._issuers.of(issuer, kid)
        except NoKeys as error:
            raise TokenRefused("OIDC discovery endpoint communication error") from error
        claims = _signed(token, keys)
        self._check(claims, issuer, audiences)
        return Verified(claims, scopes_of(claims))

    def _check(self, claims: Mapping[str, Any], issuer: str, audiences: Collection[str]) -> None:
        if self._issuers.canonical(str(claims.get("iss", ""))) != issuer:
            raise TokenRefused("the token has an invalid issuer")
        meant = claims.get("aud")
        if meant is None:
            meant = claims.get("client_id")
        named = meant if isinstance(meant, list) else [meant]
        if audiences and not any(name in audiences for name in named):
            raise TokenRefused("the token does not have a valid audience")
        now = self._now()
        if _time(claims, "exp", 0) <= now:
            raise TokenRefused("the token has expired")
        if _time(claims, "nbf", now) > now:
            raise TokenRefused("the token is not valid yet")
        if _time(claims, "iat", now) > now + 1:  # tokens name whole seconds, perhaps rounded up
            raise TokenRefused("the token was issued in the future")


def bare(token: str) -> str:
    """A token without ``Bearer`` before it.

    Examples
    --------
    >>> bare("Bearer a.b.c"), bare("a.b.c")
    ('a.b.c', 'a.b.c')
    """
    scheme, space, rest = token.partition(" ")
    return rest.strip() if space and scheme.lower() == "bearer" else token.strip()


def scopes_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes in a token's claims.

    Examples
    --------
    >>> scopes_of({"scope": "a b"}), scopes_of({"scp": ["a"]}), scopes_of({})
    (('a', 'b'), ('a',), ())
    """
    given = claims.get("scope", claims.get("scp"))
    if isinstance(given, str):
        return tuple(given.split())
    if isinstance(given, list):
        return tuple(scope for scope in given if isinstance(scope, str))
    return ()


def as_texts(claims: Mapping[str, Any]) -> dict[str, str]:
    """Claims as events have them: every value is a text.

    Examples
    --------
    >>> as_texts({"exp": 17, "admin": True, "cognito:groups": ["a", "b"]})
    {'exp': '17', 'admin': 'true', 'cognito:groups': '[a b]'}
    """
    return {name: _text(value) for name, value in claims.items()}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{' '.join(_text(item) for item in value)}]"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _kid(token: str) -> str | None:
    # Imported late, here and below: it takes 0.1 s, and few APIs have tokens.
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise TokenRefused("unable to decode the token") from error
    method = header.get("alg")
    if method not in ALGORITHMS:
        # Told in a header, which not every text may stand in.
        told = f"{method} " if re.fullmatch(r"[A-Za-z0-9]{1,20}", str(method)) else ""
        raise TokenRefused(f"signing method {told}is invalid")
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def _signed(token: str, keys: KeySet) -> Mapping[str, Any]:
    from joserfc import jws, jwt
    from joserfc.errors import JoseError

    algorithms = list(ALGORITHMS)
    registry = jws.JWSRegistry(algorithms=algorithms, strict_check_header=False)
    try:
        claims = jwt.decode(token, keys, algorithms=algorithms, registry=registry).claims
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise TokenRefused("the token's signature is invalid") from error
    return claims


def _time(claims: Mapping[str, Any], name: str, default: float) -> float:
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TokenRefused(f"{name} is no number")
    return value
