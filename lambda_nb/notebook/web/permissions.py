"""What a function's resource policy says about the HTTP APIs that invoke it.

The policy is also the notebook's memory: its own statements name the APIs where the function has
routes, after a restart of the kernel as well.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

GATEWAY = "apigateway.amazonaws.com"
_OURS = "lambda-nb-http-"
_API = re.compile(r"arn:[^:]+:execute-api:[^:]*:[^:]*:([a-z0-9]+)/")
_MOST_OF_A_ROUTE = 60  # a statement id has at most 100 characters


def statements(client: Any, function: str) -> dict[str, str]:
    """The statements that let API Gateway in: statement id to SourceArn."""
    try:
        found = policy(client, function)
    except client.exceptions.ClientError as error:
        # Whoever may not read policies has no routes by this notebook.
        if "AccessDenied" in error.response["Error"]["Code"]:
            return {}
        raise
    return {
        one["Sid"]: str(next(iter(one.get("Condition", {}).get("ArnLike", {}).values()), ""))
        for one in found
        if isinstance(one["Principal"], dict) and one["Principal"].get("Service") == GATEWAY
    }


def policy(client: Any, function: str) -> list[dict[str, Any]]:
    """All statements of a function's policy; none if it has no policy."""
    try:
        told = json.loads(client.get_policy(FunctionName=function)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        return []
    found: list[dict[str, Any]] = told["Statement"]
    return found


def apis(found: Mapping[str, str], *, ours: bool) -> list[str]:
    """The ids of the APIs in statements; with ``ours`` only those of this notebook's statements."""
    ids = {
        match[1]: None
        for sid, source in found.items()
        if (not ours or sid.startswith(_OURS)) and (match := _API.match(source))
    }
    return list(ids)


def statement_id(api_id: str, key: str) -> str:
    """The id of the statement for one route.

    Examples
    --------
    >>> statement_id("a1b2", "GET /hello/{name}")
    'lambda-nb-http-a1b2-GET-hello-name-e9a72c'
    """
    readable = re.sub(r"[^A-Za-z0-9]+", "-", key).strip("-")[:_MOST_OF_A_ROUTE]
    # Of two routes that read the same, such as /a-b and /a/b.
    digest = hashlib.sha256(key.encode()).hexdigest()[:6]
    return f"{_OURS}{api_id}-{readable}-{digest}"


def set_for_api(
    client: Any,
    function: str,
    api_id: str,
    wanted: Mapping[str, str],
    found: Mapping[str, str],
) -> None:
    """Let the routes of one API in, and no other routes of that API any more.

    Parameters
    ----------
    wanted
        Statement id to SourceArn.
    found
        What :func:`statements` gave.
    """
    ours = f"{_OURS}{api_id}-"
    stale = [
        sid
        for sid, source in found.items()
        if sid.startswith(ours) and (sid not in wanted or wanted[sid] != source)
    ]
    remove(client, function, stale)
    for sid, source in wanted.items():
        if sid not in found or sid in stale:
            client.add_permission(
                FunctionName=function,
                StatementId=sid,
                Action="lambda:InvokeFunction",
                Principal=GATEWAY,
                SourceArn=source,
            )


def remove(client: Any, function: str, ids: Collection[str]) -> None:
    """Remove statements; those that are not there are no error."""
    for sid in ids:
        try:
            client.remove_permission(FunctionName=function, StatementId=sid)
        except client.exceptions.ResourceNotFoundException:
            continue
