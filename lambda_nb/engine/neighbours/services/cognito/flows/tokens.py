"""Tokens of a user pool: identity, access and refresh tokens, with what PreTokenGeneration changes.

Claims: Cognito Developer Guide, "Understanding the identity (ID) token", "... access token" and
"Pre token generation Lambda trigger" (2026), which lists what a trigger cannot change.
"""

from __future__ import annotations

import json
import secrets
import time
import uuid
from typing import Any

from lambda_nb.engine.neighbours.services.cognito.lookups import not_authorized
from lambda_nb.engine.neighbours.services.cognito.triggers import (
    Occasion,
    Triggers,
    invalid,
    request_of,
)

SCOPE = "aws.cognito.signin.user.admin"
"""The only scope of an access token that no authorization server issued."""
_UNITS_S = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_DEFAULTS = {"AccessToken": ("hours", 1), "IdToken": ("hours", 1), "RefreshToken": ("days", 30)}
_FIXED = frozenset(
    (
        *("acr", "amr", "at_hash", "aud", "auth_time", "azp", "client_id", "device_key"),
        *(
            "event_id",
            "exp",
            "iat",
            "identities",
            "iss",
            "jti",
            "nbf",
            "nonce",
            "origin_jti",
            "sub",
        ),
        *("token_use", "username", "version"),
    )
)


class Tokens:
    """Issues tokens."""

    def __init__(self, triggers: Triggers) -> None:
        self._triggers = triggers

    def issue(
        self, pool: Any, client: Any, user: Any, source: str, metadata: Any = None
    ) -> dict[str, Any]:
        """Tokens of a new sign-in, as ``AuthenticationResult``.

        Parameters
        ----------
        source
            What the trigger is told: the part of ``triggerSource`` behind the underscore.

        Raises
        ------
        JsonRESTError
            The trigger's error.
        """
        began = int(time.time())
        origin = str(uuid.uuid4())
        result = self._pair(pool, client, user, source, metadata, origin, began)
        refresh = secrets.token_urlsafe(64)
        pool.refresh_tokens[refresh] = (client.id, user.username, origin)
        until = time.time() + valid_s(client, "RefreshToken")
        pool.__dict__.setdefault("refreshable", {})[refresh] = (until, began)
        return {**result, "RefreshToken": refresh}

    def refresh(self, pool: Any, client: Any, token: str, metadata: Any = None) -> dict[str, Any]:
        """New tokens for a refresh token, as ``AuthenticationResult``.

        Raises
        ------
        JsonRESTError
            ``NotAuthorizedException``: it is unknown, of another client, revoked or expired.
        """
        user, origin = self.holder(pool, client, token)
        _, began = pool.__dict__.get("refreshable", {}).get(token, (0.0, int(time.time())))
        return self._pair(pool, client, user, "RefreshTokens", metadata, origin, began)

    def holder(self, pool: Any, client: Any, token: str) -> tuple[Any, str]:
        """The user of a refresh token, and the sign-in that it comes from."""
        if token not in pool.refresh_tokens:
            raise not_authorized("Invalid Refresh Token")
        kept = pool.refresh_tokens[token]
        if kept is None:
            raise not_authorized("Refresh Token has been revoked")
        client_id, username, origin = kept
        if client_id != client.id:
            raise not_authorized("Invalid Refresh Token")
        until, _ = pool.__dict__.get("refreshable", {}).get(token, (float("inf"), 0))
        if until < time.time():
            raise not_authorized("Refresh Token has expired")
        user = pool._get_user(username)
        if user is None:
            raise not_authorized("Invalid Refresh Token")
        if not user.enabled:
            raise not_authorized("User is disabled.")
        return user, origin

    def _pair(
        self,
        pool: Any,
        client: Any,
        user: Any,
        source: str,
        metadata: Any,
        origin: str,
        began: int,
    ) -> dict[str, Any]:
        changes = self._changes(pool, client, user, source, metadata)
        now = int(time.time())
        common = {
            "sub": user.id,
            "iss": f"https://cognito-idp.{pool.region}.amazonaws.com/{pool.id}",
            "origin_jti": origin,
            "event_id": str(uuid.uuid4()),
            "auth_time": began,
            "iat": now,
        }
        groups = changes["groups"]
        identity = {
            **common,
            **pool.get_user_extra_data_by_client_id(client.id, user.username),
            **{n: v for n, v in user.attribute_lookup.items() if n.startswith("custom:")},
            **groups.claims(roles=True),
            "aud": client.id,
            "cognito:username": user.username,
            "token_use": "id",
            "exp": now + valid_s(client, "IdToken"),
            "jti": str(uuid.uuid4()),
        }
        access = {
            **common,
            **groups.claims(roles=False),
            "client_id": client.id,
            "token_use": "access",
            "scope": SCOPE,
            "exp": now + valid_s(client, "AccessToken"),
            "jti": str(uuid.uuid4()),
            "username": user.username,
        }
        identity = _changed(identity, changes["identity"])
        access = _changed(access, changes["access"], client.id)
        access["scope"] = _scopes(changes["access"])
        signed = _signed(pool, access)
        pool.access_tokens[signed] = (client.id, user.username)
        _forget_expired(pool, now)
        return {
            "AccessToken": signed,
            "IdToken": _signed(pool, identity),
            "ExpiresIn": valid_s(client, "AccessToken"),
            "TokenType": "Bearer",
        }

    def _changes(
        self, pool: Any, client: Any, user: Any, source: str, metadata: Any
    ) -> dict[str, Any]:
        """What the trigger makes of the claims; without one nothing."""
        groups = Groups.of(user)
        unchanged = {"groups": groups, "identity": {}, "access": {}}
        config = pool.extended_config.get("LambdaConfig") or {}
        version = (config.get("PreTokenGenerationConfig") or {}).get("LambdaVersion", "V1_0")
        number = version[1:2]
        field = "claimsOverrideDetails" if number == "1" else "claimsAndScopeOverrideDetails"
        request = request_of(user, metadata, groupConfiguration=groups.told())
        if number != "1":
            request["scopes"] = [SCOPE]
        occasion = Occasion(pool, f"TokenGeneration_{source}", user.username, client, number)
        answer = self._triggers.call("PreTokenGeneration", occasion, request, {field: None})
        details = (answer or {}).get(field)
        if not details:
            return unchanged
        if not isinstance(details, dict):
            raise invalid("Unrecognizable lambda output")
        _check_kinds(details)
        if "groupOverrideDetails" in details:
            groups = Groups.overridden(details["groupOverrideDetails"])
        if number == "1":
            return {"groups": groups, "identity": _texts_only(details), "access": {}}
        return {
            "groups": groups,
            "identity": details.get("idTokenGeneration") or {},
            "access": details.get("accessTokenGeneration") or {},
        }


class Groups:
    """The groups of a user, as tokens tell them."""

    def __init__(self, names: list[str], roles: list[str], preferred: str | None) -> None:
        self._names = names
        self._roles = roles
        self._preferred = preferred

    @classmethod
    def of(cls, user: Any) -> Groups:
        """The groups that a user is in, the most important first."""
        ordered = sorted(
            user.groups,
            key=lambda one: (one.precedence is None, one.precedence or 0, one.group_name),
        )
        roles = [one.role_arn for one in ordered if one.role_arn]
        first = ordered[0].precedence if ordered else None
        best = {one.role_arn for one in ordered if one.role_arn and one.precedence == first}
        preferred = best.pop() if len(best) == 1 else None
        return cls([one.group_name for one in ordered], roles, preferred)

    @classmethod
    def overridden(cls, details: Any) -> Groups:
        """The groups that a trigger names instead."""
        details = details or {}
        return cls(
            list(details.get("groupsToOverride") or []),
            list(details.get("iamRolesToOverride") or []),
            details.get("preferredRole"),
        )

    def told(self) -> dict[str, Any]:
        """``groupConfiguration`` of the trigger's event."""
        return {
            "groupsToOverride": self._names,
            "iamRolesToOverride": self._roles,
            "preferredRole": self._preferred,
        }

    def claims(self, *, roles: bool) -> dict[str, Any]:
        """Claims for an identity token (with roles) or an access token."""
        claims: dict[str, Any] = {"cognito:groups": self._names} if self._names else {}
        if roles and self._roles:
            claims["cognito:roles"] = self._roles
        if roles and self._preferred:
            claims["cognito:preferred_role"] = self._preferred
        return claims


def valid_s(client: Any, kind: str) -> int:
    """How long a client's tokens of a kind (``AccessToken``...) are valid, in seconds."""
    unit, number = _DEFAULTS[kind]
    config = client.extended_config
    units = config.get("TokenValidityUnits") or {}
    given = config.get(f"{kind}Validity") or number
    return int(given) * _UNITS_S[units.get(kind, unit)]


def _texts_only(details: dict[str, Any]) -> dict[str, Any]:
    """Events of version one take texts: whatever else a trigger returns is not in the token."""
    added = details.get("claimsToAddOrOverride") or {}
    texts = {name: value for name, value in added.items() if isinstance(value, str)}
    return {**details, "claimsToAddOrOverride": texts}


def _changed(claims: dict[str, Any], change: dict[str, Any], client_id: str = "") -> dict[str, Any]:
    added = change.get("claimsToAddOrOverride") or {}
    hidden = set(change.get("claimsToSuppress") or [])
    if "cognito:groups" in hidden:
        hidden |= {"cognito:roles", "cognito:preferred_role"}
    changed = dict(claims)
    for name, value in added.items():
        own = name == "aud" and client_id and value == client_id
        if own or not (name in _FIXED or name.startswith(("cognito:", "dev:")) or name == "scope"):
            changed[name] = value
    for name in hidden:
        kept = name in _FIXED or name in ("cognito:username", "scope")
        if not kept:
            changed.pop(name, None)
    return changed


_KINDS: dict[str, type] = {
    "claimsToAddOrOverride": dict,
    "claimsToSuppress": list,
    "scopesToAdd": list,
    "scopesToSuppress": list,
    "groupsToOverride": list,
    "iamRolesToOverride": list,
    "preferredRole": str,
    "groupOverrideDetails": dict,
    "idTokenGeneration": dict,
    "accessTokenGeneration": dict,
}


def _check_kinds(details: dict[str, Any]) -> None:
    """Check that a function's answer has objects, lists of texts and texts where it should."""
    for name, value in details.items():
        kind = _KINDS.get(name)
        if value is None or kind is None:
            continue
        inside = value if isinstance(value, list) else []
        if not isinstance(value, kind) or not all(isinstance(one, str) for one in inside):
            raise invalid("Unrecognizable lambda output")
        if isinstance(value, dict) and name != "claimsToAddOrOverride":
            _check_kinds(value)


def _scopes(change: dict[str, Any]) -> str:
    hidden = set(change.get("scopesToSuppress") or [])
    scopes = [SCOPE, *(change.get("scopesToAdd") or [])]
    if any(" " in scope for scope in scopes):
        raise invalid("Invalid lambda function output : scopes must not contain blanks")
    return " ".join(scope for scope in dict.fromkeys(scopes) if scope not in hidden)


def _signed(pool: Any, claims: dict[str, Any]) -> str:
    from joserfc import jwt

    text = json.loads(json.dumps(claims))
    return str(jwt.encode({"kid": "dummy", "alg": "RS256"}, text, pool.json_web_key))


def _forget_expired(pool: Any, now: int) -> None:
    """Forget access tokens that have long expired: moto keeps them all."""
    if len(pool.access_tokens) < 2_000:
        return
    for token in list(pool.access_tokens)[:1_000]:
        if _expiry(token) < now - 86_400:
            pool.access_tokens.pop(token, None)


def _expiry(token: str) -> int:
    import base64

    body = token.split(".")[1]
    return int(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["exp"])
