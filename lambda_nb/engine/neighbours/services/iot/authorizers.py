"""Custom authorizers: described here, asked by the engine where devices connect."""

from __future__ import annotations

import re
from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations, tags
from lambda_nb.engine.neighbours.services.iot.operations import Parameters, kept

_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[^:]+(:[^:]+)?")
_LEAST_BITS = 2048
"""Of a token signing key (IoT developer guide, "Creating and managing custom authorizers")."""


def install() -> None:
    """Add the operations of authorizers."""
    operations.install(
        {
            "CreateAuthorizer": _create,
            "DescribeAuthorizer": _describe,
            "UpdateAuthorizer": _update,
            "DeleteAuthorizer": _delete,
            "ListAuthorizers": _list,
            "SetDefaultAuthorizer": _set_default,
            "DescribeDefaultAuthorizer": _describe_default,
            "ClearDefaultAuthorizer": _clear_default,
        }
    )


def _all(backend: Any) -> dict[str, Any]:
    return kept(backend, "authorizers")


def _find(backend: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] | None = _all(backend).get(name)
    if found is None:
        raise operations.not_found(f"The authorizer {name} does not exist.")
    return found


def _check(described: dict[str, Any]) -> None:
    function = described["authorizerFunctionArn"]
    if not _FUNCTION.fullmatch(function):
        raise operations.invalid(f"authorizerFunctionArn is no function's ARN: {function}")
    keys = described.get("tokenSigningPublicKeys") or {}
    if not described["signingDisabled"] and not (described.get("tokenKeyName") and keys):
        raise operations.invalid(
            "tokenKeyName and tokenSigningPublicKeys are required, unless signingDisabled is true."
        )
    for name, key in keys.items():
        _check_key(name, key)


def _check_key(name: str, pem: str) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
    except ValueError as error:
        raise operations.invalid(f"The public key {name} is not valid: {error}") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_BITS:
        raise operations.invalid(f"The public key {name} is no RSA key of {_LEAST_BITS} bits.")


def _create(backend: Any, given: Parameters) -> dict[str, Any]:
    name = given["authorizerName"]
    arn = operations.arn(backend, "authorizer", name)
    if name in _all(backend):
        raise operations.exists_already(
            f"Authorizer cannot be created - already exists (name={name})", name, arn
        )
    moment = operations.now()
    described = {
        "authorizerName": name,
        "authorizerArn": arn,
        "authorizerFunctionArn": given["authorizerFunctionArn"],
        "status": given.get("status") or "INACTIVE",
        "signingDisabled": bool(given.get("signingDisabled")),
        "enableCachingForHttp": bool(given.get("enableCachingForHttp")),
        "creationDate": moment,
        "lastModifiedDate": moment,
    }
    for optional in ("tokenKeyName", "tokenSigningPublicKeys"):
        if given.get(optional):
            described[optional] = given[optional]
    _check(described)
    _all(backend)[name] = described
    tags.keep(backend, arn, given.get("tags"))
    return {"authorizerName": name, "authorizerArn": arn}


def _describe(backend: Any, given: Parameters) -> dict[str, Any]:
    return {"authorizerDescription": _find(backend, given["authorizerName"])}


def _update(backend: Any, given: Parameters) -> dict[str, Any]:
    name = given["authorizerName"]
    changed = {**_find(backend, name)}
    for field in (
        "authorizerFunctionArn",
        "tokenKeyName",
        "tokenSigningPublicKeys",
        "status",
        "enableCachingForHttp",
    ):
        if given.get(field) is not None:
            changed[field] = given[field]
    _check(changed)
    changed["lastModifiedDate"] = operations.now()
    _all(backend)[name] = changed
    return {"authorizerName": name, "authorizerArn": changed["authorizerArn"]}


def _default(backend: Any) -> dict[str, Any]:
    return kept(backend, "default_authorizer")


def _delete(backend: Any, given: Parameters) -> None:
    name = given["authorizerName"]
    found = _find(backend, name)
    if found["status"] == "ACTIVE":
        raise operations.error(
            "DeleteConflictException",
            f"The authorizer {name} must be INACTIVE before it is deleted.",
            409,
        )
    if _default(backend).get("name") == name:
        raise operations.error(
            "DeleteConflictException", f"The authorizer {name} is the default authorizer.", 409
        )
    del _all(backend)[name]
    tags.forget(backend, found["authorizerArn"])


def _list(backend: Any, given: Parameters) -> dict[str, Any]:
    found = [
        {"authorizerName": one["authorizerName"], "authorizerArn": one["authorizerArn"]}
        for one in _all(backend).values()
        if given.get("status") in (None, one["status"])
    ]
    ordered = operations.in_order(found, given)
    shown, marker = operations.page(ordered, given, "pageSize", "marker")
    return {"authorizers": shown, "nextMarker": marker}


def _set_default(backend: Any, given: Parameters) -> dict[str, Any]:
    name = given["authorizerName"]
    found = _find(backend, name)
    if _default(backend).get("name") not in (None, name):
        raise operations.exists_already(
            "A default authorizer is set already: clear it first.",
            _default(backend)["name"],
            operations.arn(backend, "authorizer", _default(backend)["name"]),
        )
    _default(backend)["name"] = name
    return {"authorizerName": name, "authorizerArn": found["authorizerArn"]}


def _describe_default(backend: Any, given: Parameters) -> dict[str, Any]:
    name = _default(backend).get("name")
    if name is None:
        raise operations.not_found("There is no default authorizer.")
    return {"authorizerDescription": _find(backend, name)}


def _clear_default(backend: Any, given: Parameters) -> None:
    if not _default(backend):
        raise operations.not_found("There is no default authorizer.")
    _default(backend).clear()
