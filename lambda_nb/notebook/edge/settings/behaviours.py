"""The cache behaviours in a distribution's configuration, in their order."""

from __future__ import annotations

import copy
from typing import Any

from lambda_nb.notebook.errors import UsageError
from lambda_nb.rules.edge.path_patterns import PathPattern

DEFAULT = "*"
_OF_FUNCTIONS = ("LambdaFunctionAssociations", "FunctionAssociations")


def all_of(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each behaviour by its path pattern, in the order in which they are tried."""
    others = config.get("CacheBehaviors", {}).get("Items", [])
    return {
        **{one["PathPattern"]: one for one in others},
        DEFAULT: config["DefaultCacheBehavior"],
    }


def known(config: dict[str, Any], path: str) -> str:
    """A path pattern as the configuration has it: ``img/*`` and ``/img/*`` are the same paths."""
    if path != DEFAULT:
        for pattern in all_of(config):
            if pattern != DEFAULT and pattern.lstrip("/") == path.lstrip("/"):
                return pattern
    return path


def of(config: dict[str, Any], path: str) -> tuple[dict[str, Any], bool]:
    """The behaviour of a path pattern, and whether it was made.

    A new one has the default's settings without its functions. It stands before all that would
    take every one of its paths.

    Raises
    ------
    UsageError
        CloudFront takes no such pattern.
    """
    path = path.strip()
    found = all_of(config).get(known(config, path))
    if found is not None:
        return found, False
    if not path or any(sign in path for sign in " #%"):
        raise UsageError(f"{path!r} is no path pattern; give one such as '/pictures/*'")
    made = copy.deepcopy(config["DefaultCacheBehavior"])
    made["PathPattern"] = path
    for kind in _OF_FUNCTIONS:
        made[kind] = {"Quantity": 0}
    others = config.setdefault("CacheBehaviors", {"Quantity": 0})
    items = others.setdefault("Items", [])
    wide = [at for at, one in enumerate(items) if PathPattern(one["PathPattern"]).matches(path)]
    items.insert(wide[0] if wide else len(items), made)
    others["Quantity"] = len(items)
    return made, True
