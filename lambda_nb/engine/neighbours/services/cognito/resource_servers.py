"""Resource servers of user pools: changing and deleting them, which moto lacks."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.cognito.lookups import Parameters, pool_of, refused


def update(asked: Parameters, account: str, region: str) -> dict[str, Any]:
    """UpdateResourceServer: what is not named becomes empty, as on AWS."""
    _, server = _found(asked, account, region)
    server.name = asked["Name"]
    server.scopes = asked.get("Scopes") or []
    return {"ResourceServer": server.to_json()}


def delete(asked: Parameters, account: str, region: str) -> dict[str, Any]:
    """DeleteResourceServer."""
    pool, _ = _found(asked, account, region)
    del pool.resource_servers[asked["Identifier"]]
    return {}


def _found(asked: Parameters, account: str, region: str) -> tuple[Any, Any]:
    pool = pool_of(asked, account, region)
    server = pool.resource_servers.get(asked["Identifier"])
    if server is None:
        text = f"Resource server {asked['Identifier']} does not exist."
        raise refused("ResourceNotFoundException", text)
    return pool, server
