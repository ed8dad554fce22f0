"""Identity pools: their roles, and credentials that work for whoever has signed in.

moto keeps no roles and gives made-up keys. Here an identity gets the keys of its pool's role, from
the engine's STS.
"""

from __future__ import annotations

import json
import time
from typing import Any

from lambda_nb.engine.neighbours.services.cognito.lookups import not_authorized, pools, refused
from lambda_nb.engine.neighbours.services.door import Door

_SESSION = "CognitoIdentityCredentials"


def install(door: Door) -> None:
    """Change moto's identity pools.

    Parameters
    ----------
    door
        Makes clients that call the engine.
    """
    from moto.cognitoidentity.models import CognitoIdentityBackend
    from moto.cognitoidentity.responses import CognitoIdentityResponse

    get_id = CognitoIdentityBackend.get_id

    def set_roles(self: Any) -> str:
        pool = _pool(self)
        pool.roles = self._get_param("Roles") or {}
        pool.role_mappings = self._get_param("RoleMappings") or {}
        return "{}"

    def get_roles(self: Any) -> str:
        pool = _pool(self)
        told = {"IdentityPoolId": pool.identity_pool_id, "Roles": pool.__dict__.get("roles", {})}
        mappings = pool.__dict__.get("role_mappings")
        return json.dumps({**told, **({"RoleMappings": mappings} if mappings else {})})

    def get_identity(self: Any) -> str:
        pool, logins = _pool(self), self._get_param("Logins") or {}
        _subject(pool, logins)
        answer = get_id(self.backend, pool.identity_pool_id)
        identity = json.loads(answer)["IdentityId"]
        pool.__dict__.setdefault("identities", {})[identity] = sorted(logins)
        return str(answer)

    def get_credentials(self: Any) -> str:
        identity, logins = self._get_param("IdentityId"), self._get_param("Logins") or {}
        pool = _pool_of_identity(self.backend, identity)
        claims = _subject(pool, logins)
        role = self._get_param("CustomRoleArn") or _role(pool, claims)
        sts = door.client(service_name="sts", region_name=self.region)
        keys = sts.assume_role(RoleArn=role, RoleSessionName=_SESSION)["Credentials"]
        told = {
            "AccessKeyId": keys["AccessKeyId"],
            "SecretKey": keys["SecretAccessKey"],
            "SessionToken": keys["SessionToken"],
            "Expiration": keys["Expiration"].timestamp(),
        }
        return json.dumps({"IdentityId": identity, "Credentials": told})

    response: Any = CognitoIdentityResponse
    update = response.update_identity_pool

    def update_pool(self: Any) -> str:
        pool = _pool(self)
        pool.identity_pool_name = self._get_param("IdentityPoolName") or pool.identity_pool_name
        return str(update(self))

    response.update_identity_pool = update_pool
    response.set_identity_pool_roles = set_roles
    response.get_identity_pool_roles = get_roles
    response.get_id = get_identity
    response.get_credentials_for_identity = get_credentials


def _pool(response: Any) -> Any:
    wanted = response._get_param("IdentityPoolId")
    pool = response.backend.identity_pools.get(wanted)
    if pool is None:
        text = f"IdentityPool '{wanted}' not found."
        raise refused("ResourceNotFoundException", text)
    return pool


def _pool_of_identity(backend: Any, identity: str) -> Any:
    for pool in backend.identity_pools.values():
        if identity in pool.__dict__.get("identities", {}):
            return pool
    raise refused("ResourceNotFoundException", f"Identity '{identity}' not found.")


def _subject(pool: Any, logins: dict[str, str]) -> dict[str, Any] | None:
    """The claims of who signs in; ``None`` for a guest.

    Raises
    ------
    JsonRESTError
        ``NotAuthorizedException``: a token is not valid for the pool, or guests are not allowed.
    """
    if not logins:
        if not pool.allow_unauthenticated_identities:
            raise not_authorized("Unauthenticated access is not supported for this identity pool.")
        return None
    from joserfc import jwt
    from joserfc.errors import JoseError

    known = {one["ProviderName"]: one["ClientId"] for one in pool.cognito_identity_providers or []}
    for provider, token in logins.items():
        name = provider.rpartition("/")[2]
        user_pool = next((one for one in pools() if one.id == name), None)
        if provider not in known or user_pool is None:
            text = f"Invalid login token. {provider} is no provider of this identity pool."
            raise not_authorized(text)
        try:
            claims: dict[str, Any] = jwt.decode(token, user_pool.json_web_key).claims
        except (JoseError, ValueError) as error:
            raise not_authorized("Invalid login token. Couldn't verify signed token.") from error
        if claims.get("exp", 0) <= time.time():
            raise not_authorized("Invalid login token. Token expired.")
        if claims.get("token_use") != "id" or claims.get("aud") != known[provider]:
            raise not_authorized("Invalid login token. Incorrect token audience.")
        return claims
    return None


def _role(pool: Any, claims: dict[str, Any] | None) -> str:
    roles = pool.__dict__.get("roles", {})
    mappings = pool.__dict__.get("role_mappings", {})
    by_token = any(one.get("Type") == "Token" for one in mappings.values())
    if claims and by_token and claims.get("cognito:preferred_role"):
        return str(claims["cognito:preferred_role"])
    role = roles.get("authenticated" if claims else "unauthenticated")
    if not role:
        text = "Invalid identity pool configuration. Check assigned IAM roles for this pool."
        raise refused("InvalidIdentityPoolConfigurationException", text)
    return str(role)
