"""Source maps of esbuild: Node.js uses them only when ``NODE_OPTIONS`` says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAME, _OPTION = "NODE_OPTIONS", "--enable-source-maps"
_OFF = (None, False, "false")


def agree(resource: dict[str, Any], globals_: Mapping[str, Any]) -> None:
    """Bring ``Sourcemap`` and ``NODE_OPTIONS`` of a function in line, as ``sam build`` does.

    A function with source maps gets the option of Node.js; one with the option gets source maps,
    unless its template says no. An option that is an expression is left as it is.

    Parameters
    ----------
    resource
        A function of a template; changed in place.
    globals_
        ``Globals: Function`` of the template, for a function of SAM.
    """
    metadata = resource.get("Metadata") or {}
    if metadata.get("BuildMethod") != "esbuild":
        return
    properties = dict(metadata.get("BuildProperties") or {})
    own, common = _variables(resource["Properties"]), _variables(globals_)
    options = own.get(_NAME, common.get(_NAME, ""))
    if not isinstance(options, str):
        return
    if _OPTION in options:
        resource["Metadata"] = {**metadata, "BuildProperties": {"Sourcemap": True, **properties}}
    elif properties.get("Sourcemap") not in _OFF:
        environment = resource["Properties"].get("Environment", {})
        if isinstance(environment, dict) and isinstance(environment.get("Variables", {}), dict):
            # New mappings: an anchor of YAML makes one mapping that of several functions.
            variables = {**own, _NAME: f"{options} {_OPTION}".lstrip()}
            resource["Properties"]["Environment"] = {**environment, "Variables": variables}


def _variables(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Environment variables; none where an expression decides."""
    environment = properties.get("Environment")
    found = environment.get("Variables") if isinstance(environment, Mapping) else None
    return found if isinstance(found, Mapping) else {}
