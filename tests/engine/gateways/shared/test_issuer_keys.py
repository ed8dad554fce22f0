"""The keys of token issuers: when they are asked for, and where."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from joserfc import jwk

from lambda_nb.engine.aws_calls.upstream import Answer, Unreachable, Upstream
from lambda_nb.engine.gateways.shared.issuer_keys import IssuerKeys, NoKeys

ISSUER = "https://issuer.example/tenant"
KEYS = [jwk.RSAKey.generate_key(2048, {"kid": str(i)}, auto_kid=False) for i in range(2)]


class Issuer(Upstream):
    """Answers as an issuer does, and counts."""

    def __init__(self) -> None:
        self.own = "http://127.0.0.1:4571"
        super().__init__(self.own, ("key", "secret"))
        self.asked: list[str] = []
        self.keys = KEYS[:1]
        self.gone = False

    async def request(self, method: str, url: str, *arguments: Any) -> Answer:
        """Answer with a discovery document or the keys."""
        self.asked.append(url)
        if self.gone:
            raise Unreachable(f"{url}: gone")
        if not url.startswith((ISSUER, self.own)):
            return Answer(404, (), b"")
        if url.endswith("/openid-configuration"):
            return Answer(200, (), json.dumps({"jwks_uri": f"{ISSUER}/keys"}).encode())
        if url.endswith("/jwks.json") or url == f"{ISSUER}/keys":
            keys = [{"kty": "OF-THE-FUTURE", "kid": "x"}]
            keys += [key.as_dict(private=False) for key in self.keys]
            return Answer(200, (), json.dumps({"keys": keys}).encode())
        return Answer(404, (), b"")


class Clock:
    """A clock that a test sets."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> IssuerKeys:
    return IssuerKeys(issuer, clock)


def kids(keys: IssuerKeys, kid: str | None, issuer: str = ISSUER) -> set[str | None]:
    found = asyncio.run(keys.of(issuer, kid))
    return {key.kid for key in found.keys}


def test_found_by_discovery_and_kept(keys: IssuerKeys, issuer: Issuer, clock: Clock) -> None:
    assert kids(keys, "0") == {"0"}
    assert issuer.asked == [f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/keys"]
    clock.now_s += 7199
    kids(keys, "0")
    assert len(issuer.asked) == 2
    clock.now_s += 1
    kids(keys, "0")
    assert len(issuer.asked) == 4


def test_an_unknown_key_is_asked_for_but_not_often(
    keys: IssuerKeys, issuer: Issuer, clock: Clock
) -> None:
    kids(keys, "0")
    issuer.keys = KEYS
    assert kids(keys, "1") == {"0"}, "somebody who invents names causes no requests"
    assert len(issuer.asked) == 2
    clock.now_s += 5
    assert kids(keys, "1") == {"0", "1"}


def test_many_at_once_ask_once(keys: IssuerKeys, issuer: Issuer) -> None:
    async def many() -> None:
        await asyncio.gather(*(keys.of(ISSUER, "0") for _ in range(20)))

    asyncio.run(many())
    assert len(issuer.asked) == 2


def test_an_issuer_that_is_gone(keys: IssuerKeys, issuer: Issuer, clock: Clock) -> None:
    issuer.gone = True
    for _ in range(2):
        with pytest.raises(NoKeys, match="gone"):
            kids(keys, "0")
    assert len(issuer.asked) == 1
    issuer.gone = False
    clock.now_s += 5
    assert kids(keys, "0") == {"0"}
    issuer.gone = True
    clock.now_s += 7200
    assert kids(keys, "0") == {"0"}, "what was known still counts"


def test_what_is_no_discovery_document(keys: IssuerKeys) -> None:
    with pytest.raises(NoKeys, match="404"):
        kids(keys, "0", "https://issuer.example/nothing")


def test_user_pools_of_the_engine(keys: IssuerKeys, issuer: Issuer) -> None:
    name = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc"
    assert keys.canonical("http://127.0.0.1:4571/us-east-1_abc/") == name
    assert keys.canonical("http://localhost:4571/us-east-1_abc") == name
    assert keys.canonical("http://127.0.0.1:4572/us-east-1_abc").startswith("http://127.0.0.1")
    assert keys.canonical(f"{ISSUER}/") == ISSUER
    assert kids(keys, "0", name) == {"0"}
    assert issuer.asked == ["http://127.0.0.1:4571/us-east-1_abc/.well-known/jwks.json"]
