"""The base path of the servers of an OpenAPI document, and what an import makes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request

_MODES = ("ignore", "prepend", "split")


def prefix(document: Mapping[str, Any], mode: str) -> str:
    """What stands before each path of an imported API.

    Parameters
    ----------
    document
        With ``servers``.
    mode
        ``ignore``: nothing; ``prepend``: the base path; ``split``: the base path without its first
        part.

    Raises
    ------
    AWSError
        ``BadRequestException`` for another mode.
    """
    if mode not in _MODES:
        raise bad_request(f"Invalid basepath specified: {mode}. Must be one of {list(_MODES)}")
    servers = document.get("servers", [])
    if mode == "ignore" or not servers:
        return ""
    server = servers[0]
    variables = server.get("variables", {})

    def value(match: re.Match[str]) -> str:
        return str(variables.get(match[1], {}).get("default", ""))

    path = urlsplit(re.sub(r"\{([^}]+)\}", value, server.get("url", ""))).path
    parts = [part for part in path.split("/") if part]
    if mode == "split":
        parts = parts[1:]
    return "".join(f"/{part}" for part in parts)
