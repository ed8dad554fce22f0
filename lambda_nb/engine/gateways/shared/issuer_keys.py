"""The keys of token issuers, found by OpenID discovery and kept for a while.

User pools of this engine's own Cognito are issuers too, by AWS's name for them
(``https://cognito-idp.REGION.amazonaws.com/POOL``) or by the engine's address
(``http://127.0.0.1:PORT/POOL``): their keys are asked of the engine itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lambda_nb.engine.aws_calls.upstream import TooSlow, Unreachable, Upstream

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

log = logging.getLogger(__name__)

KEPT_S = 7200.0
"""Seconds that keys are kept (API Gateway's guide of JWT authorizers: two hours)."""

_ASK_AGAIN_S = 5.0
_TIMEOUT_S = 10.0
_COGNITO = re.compile(r"https://cognito-idp\.([a-z0-9-]+)\.amazonaws\.com/([A-Za-z0-9_-]+)")
_POOL = re.compile(r"/(([a-z0-9-]+)_[A-Za-z0-9]+)")


class NoKeys(Exception):  # noqa: N818
    """The keys of an issuer are not to be had; says why."""


@dataclass(slots=True)
class _Known:
    keys: KeySet | None
    asked_s: float
    problem: str = ""


class IssuerKeys:
    """The keys of issuers.

    Parameters
    ----------
    upstream
        Makes the requests.
    now
        Seconds, of a clock that never goes back.
    """

    def __init__(self, upstream: Upstream, now: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._now = now
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    def canonical(self, issuer: str) -> str:
        """An issuer as its tokens name it: a user pool of this engine has AWS's name in them."""
        issuer = issuer.rstrip("/")
        if self._upstream.is_own(issuer):
            pool = _POOL.fullmatch(urlsplit(issuer).path)
            if pool:
                return f"https://cognito-idp.{pool[2]}.amazonaws.com/{pool[1]}"
        return issuer

    async def of(self, issuer: str, kid: str | None) -> KeySet:
        """The keys of an issuer; asked for anew, though not often, if ``kid`` is not among them.

        Raises
        ------
        NoKeys
            The issuer cannot be reached, or gives no keys.
        """
        known = self._known.get(issuer)
        if known is not None and self._serves(known, kid):
            return _keys(known)
        async with self._asking.setdefault(issuer, asyncio.Lock()):
            known = self._known.get(issuer)
            if known is None or not self._serves(known, kid):
                before = known.keys if known is not None else None
                known = await self._ask(issuer)
                if known.keys is None and before is not None:  # what was known still counts
                    known.keys = before
                self._known[issuer] = known
        return _keys(known)

    def _serves(self, known: _Known, kid: str | None) -> bool:
        age_s = self._now() - known.asked_s
        if age_s < _ASK_AGAIN_S:
            return True
        if known.keys is None or age_s >= KEPT_S:
            return False
        return kid is None or any(key.kid == kid for key in known.keys.keys)

    async def _ask(self, issuer: str) -> _Known:
        try:
            keys = _imported(await self._key_set(issuer))
        except (Unreachable, TooSlow, ValueError, TypeError, KeyError) as error:
            problem = f"{issuer}: {error}"
            log.warning("no keys of the issuer %s", problem)
            return _Known(None, self._now(), problem)
        return _Known(keys, self._now())

    async def _key_set(self, issuer: str) -> Any:
        pool = _COGNITO.fullmatch(issuer)
        if pool:
            answer = await self._upstream.call_service(
                "cognito-idp",
                pool[1],
                "GET",
                f"/{pool[2]}/.well-known/jwks.json",
                {},
                b"",
                _TIMEOUT_S,
            )
            if answer.status != 200:
                raise ValueError(f"its keys: status {answer.status}")
            return json.loads(answer.body)
        found = await self._get(f"{issuer}/.well-known/openid-configuration")
        return await self._get(str(found["jwks_uri"]))

    async def _get(self, url: str) -> Any:
        answer = await self._upstream.request(
            "GET", url, {"accept": "application/json"}, b"", _TIMEOUT_S
        )
        if answer.status != 200:
            raise ValueError(f"{url}: status {answer.status}")
        return json.loads(answer.body)


def _imported(document: Any) -> KeySet:
    """The keys of a set that are of a kind known here."""
    # Imported late: it takes 0.1 s, and few APIs have tokens.
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet, import_key

    keys: list[Any] = []
    for key in document["keys"]:
        with contextlib.suppress(JoseError, ValueError):
            keys.append(import_key(key))
    return KeySet(keys)


def _keys(known: _Known) -> KeySet:
    if known.keys is None:
        raise NoKeys(known.problem)
    return known.keys
