"""Publish versions, point aliases at them, and give a function a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook.functions import deploy
from lambda_nb.notebook.web.address import make_function_url, named
from lambda_nb.notebook.workbench.actions.describing import alias as described
from lambda_nb.notebook.workbench.actions.tools import Tools


def publish(tools: Tools, args: Mapping[str, Any]) -> dict[str, str]:
    """``publish``: the function as it is now becomes a version, as :func:`deploy.publish` does."""
    client, description = tools.clients.client(), args.get("description") or ""
    return {"version": deploy.publish(client, str(args["name"]), description)}


def put_alias(tools: Tools, args: Mapping[str, Any]) -> dict[str, Any]:
    """``put_alias``: create or move an alias; without weights it leads to one version only.

    A description that is not given stays as it is.

    Raises
    ------
    ClientError
        There is no such version, or the weights are not allowed.
    """
    put = deploy.put_alias(
        tools.clients.client(),
        FunctionName=args["name"],
        Name=args["alias"],
        FunctionVersion=args["version"],
        RoutingConfig={"AdditionalVersionWeights": dict(args.get("weights") or {})},
        **({"Description": args["description"]} if "description" in args else {}),
    )
    return described(put)


def delete_alias(tools: Tools, args: Mapping[str, Any]) -> None:
    """``delete_alias``: the version that it leads to stays."""
    client = tools.clients.client()
    client.get_alias(FunctionName=args["name"], Name=args["alias"])  # DeleteAlias tells nothing
    client.delete_alias(FunctionName=args["name"], Name=args["alias"])


def url(tools: Tools, args: Mapping[str, Any]) -> dict[str, str]:
    """``url``: the function's URL; creates one that everybody may call if there is none."""
    where = named(str(args["name"]), args.get("qualifier") or None)
    return {"url": make_function_url(tools.clients.client(), where)}
