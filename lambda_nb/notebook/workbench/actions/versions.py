"""Publish versions, point aliases at them, and give a function a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook.web.address import make_function_url, named
from lambda_nb.notebook.workbench.actions.describing import alias as described
from lambda_nb.notebook.workbench.actions.tools import Tools, pace, settle


def publish(tools: Tools, args: Mapping[str, Any]) -> dict[str, str]:
    """``publish``: the function as it is now becomes a version.

    If nothing has changed since the last version, Lambda gives that one.
    """
    client, name = tools.clients.client(), str(args["name"])
    settle(tools.clients, name)
    made = client.publish_version(FunctionName=name, Description=args.get("description") or "")
    version = str(made["Version"])
    client.get_waiter("published_version_active").wait(  # SnapStart: until its snapshot is taken
        FunctionName=name, Qualifier=version, WaiterConfig=pace(tools.clients)
    )
    return {"version": version}


def put_alias(tools: Tools, args: Mapping[str, Any]) -> dict[str, Any]:
    """``put_alias``: create or move an alias; without weights it leads to one version only.

    Raises
    ------
    ClientError
        There is no such version, or the weights are not allowed.
    """
    client = tools.clients.client()
    target = {
        "FunctionName": args["name"],
        "Name": args["alias"],
        "FunctionVersion": args["version"],
        "RoutingConfig": {"AdditionalVersionWeights": dict(args.get("weights") or {})},
    }
    try:
        return described(client.update_alias(**target))
    except client.exceptions.ResourceNotFoundException:
        # Creating it also tells whether it was the function that is not there.
        return described(client.create_alias(**target))


def delete_alias(tools: Tools, args: Mapping[str, Any]) -> None:
    """``delete_alias``: the version that it leads to stays."""
    client = tools.clients.client()
    client.get_alias(FunctionName=args["name"], Name=args["alias"])  # DeleteAlias tells nothing
    client.delete_alias(FunctionName=args["name"], Name=args["alias"])


def url(tools: Tools, args: Mapping[str, Any]) -> dict[str, str]:
    """``url``: the function's URL; creates one that everybody may call if there is none."""
    where = named(str(args["name"]), args.get("qualifier") or None)
    return {"url": make_function_url(tools.clients.client(), where)}
