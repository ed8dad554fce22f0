"""Finds what a request to Cognito means: its user pool, app client and user.

Requests of users are not signed and name no Region, but a client's id or a token is known to one
pool only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Parameters = Mapping[str, Any]


def refused(code: str, message: str) -> Exception:
    """An error of AWS's, to be raised."""
    from moto.core.exceptions import JsonRESTError

    return JsonRESTError(code, message)


def not_authorized(message: str) -> Exception:
    """``NotAuthorizedException`` with AWS's words, to be raised."""
    return refused("NotAuthorizedException", message)


def pools() -> Iterator[Any]:
    """All user pools."""
    from moto.cognitoidp.models import cognitoidp_backends

    backend: Any
    for _, _, backend in list(cognitoidp_backends.iter_backends()):
        yield from list(backend.user_pools.values())


def client_of(parameters: Parameters) -> tuple[Any, Any]:
    """The user pool and the app client of a request by a user.

    Raises
    ------
    JsonRESTError
        ``ResourceNotFoundException``: there is no such client.
    """
    wanted = parameters["ClientId"]
    for pool in pools():
        client = pool.clients.get(wanted)
        if client is not None:
            return pool, client
    raise refused("ResourceNotFoundException", f"User pool client {wanted} does not exist.")


def client_in(pool: Any, client_id: str) -> Any:
    """An app client of a pool."""
    client = pool.clients.get(client_id)
    if client is None:
        raise refused("ResourceNotFoundException", f"User pool client {client_id} does not exist.")
    return client


def pool_of(parameters: Parameters, account: str, region: str) -> Any:
    """The user pool that a request of an administrator names."""
    from moto.cognitoidp.models import cognitoidp_backends

    wanted = parameters["UserPoolId"]
    pool = cognitoidp_backends[account][region].user_pools.get(wanted)
    if pool is None:
        raise refused("ResourceNotFoundException", f"User pool {wanted} does not exist.")
    return pool


def user_in(pool: Any, username: str) -> Any:
    """A user of a pool, by name or alias.

    Raises
    ------
    JsonRESTError
        ``UserNotFoundException``.
    """
    user = pool._get_user(username)
    if user is None:
        raise refused("UserNotFoundException", "User does not exist.")
    return user


def hides_users(client: Any) -> bool:
    """Whether the client's callers are not told that a user does not exist."""
    return bool(client.extended_config.get("PreventUserExistenceErrors") == "ENABLED")


def check_secret(client: Any, username: str, given: str | None) -> None:
    """Check the hash that proves that a caller knows the client's secret, if it has one."""
    if not client.generate_secret:
        return
    if not given:
        raise not_authorized(
            f"Client {client.id} is configured with secret but SECRET_HASH was not received"
        )
    if not hmac.compare_digest(secret_hash(client, username).encode(), given.encode()):
        raise not_authorized(f"Unable to verify secret hash for client {client.id}")


def secret_hash(client: Any, username: str) -> str:
    """The hash that proves knowledge of a client's secret."""
    digest = hmac.new(client.secret.encode(), (username + client.id).encode(), hashlib.sha256)
    return base64.b64encode(digest.digest()).decode()


def is_known(pool: Any, attribute: str) -> bool:
    """Whether a pool's users may have an attribute: a standard one, or one of its schema."""
    from moto.cognitoidp.models import CognitoIdpUserPoolAttribute

    standard = CognitoIdpUserPoolAttribute.STANDARD_SCHEMA
    return attribute in standard or attribute in pool.schema_attributes


def check_writable(client: Any, names: Iterable[str]) -> None:
    """Check that users may write attributes of theirs through a client.

    Raises
    ------
    JsonRESTError
        ``NotAuthorizedException``.
    """
    writable = client.extended_config.get("WriteAttributes") if client is not None else None
    for name in names:
        if name in ("email_verified", "phone_number_verified", "sub") or (
            writable and name not in writable
        ):
            raise not_authorized("A client attempted to write unauthorized attribute")


def attributes_of(user: Any) -> dict[str, str]:
    """A user's attributes as triggers see them."""
    status = getattr(user.status, "value", user.status)
    return {**user.attribute_lookup, "cognito:user_status": status}


def holder_of(access_token: str) -> tuple[Any, Any, Any]:
    """The user pool, the app client and the user of an access token.

    Raises
    ------
    JsonRESTError
        ``NotAuthorizedException``: the token is none of ours, has expired or was revoked.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError

    for pool in pools():
        found = pool.access_tokens.get(access_token)
        if found is None:
            continue
        client_id, username = found
        claims = jwt.decode(access_token, pool.json_web_key).claims
        if claims["exp"] <= time.time():
            raise not_authorized("Access Token has expired")
        user = pool._get_user(username)
        if user is None:
            raise refused("UserNotFoundException", "User does not exist.")
        if not user.enabled:
            raise not_authorized("User is disabled.")
        if "aws.cognito.signin.user.admin" not in claims.get("scope", "").split():
            raise not_authorized("Access Token does not have required scopes")
        return pool, pool.clients.get(client_id), user
    for pool in pools():
        try:
            claims = jwt.decode(access_token, pool.json_web_key).claims
        except (JoseError, ValueError):
            continue
        if claims.get("token_use") == "access" and claims.get("iss", "").endswith(f"/{pool.id}"):
            raise not_authorized("Access Token has been revoked")
    raise not_authorized("Invalid Access Token")
