"""Properties of a template as parameters of CloudFront's API, by the shapes of its model.

Templates have plain lists where the API has a quantity and items, numbers and booleans may be
texts, and a few members have other names or may be left out.
"""

from __future__ import annotations

from typing import Any

_NAMES = {
    "IsIPV6Enabled": "IPV6Enabled",
    "CustomHeaders": "OriginCustomHeaders",
}
"""Members of the API, and the properties that say the same where their names differ."""

_DEFAULTS: dict[str, dict[str, Any]] = {
    "DistributionConfig": {"Comment": ""},
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443},
    "S3OriginConfig": {"OriginAccessIdentity": ""},
    "ForwardedValues": {"Cookies": {"Forward": "none"}},
    "LoggingConfig": {"Enabled": True, "IncludeCookies": False, "Prefix": ""},
    "FunctionConfig": {"Comment": ""},
    "OriginAccessControlConfig": {"Description": ""},
}
"""What CloudFormation's reference gives as defaults, by the API's shapes."""


def parameters(shape: Any, value: Any) -> Any:
    """A property as the API takes it.

    Parameters
    ----------
    shape
        botocore's, of the parameter.
    value
        The property, with references resolved.
    """
    if shape.type_name == "structure":
        return _structure(shape, value)
    if shape.type_name == "list":
        return [parameters(shape.member, item) for item in value]
    if shape.type_name == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if shape.type_name in ("integer", "long"):
        return int(value)
    if shape.type_name in ("float", "double"):
        return float(value)
    return value if isinstance(value, bytes) else str(value)


def _structure(shape: Any, value: Any) -> dict[str, Any]:
    members = shape.members
    if "Quantity" in members:
        return _list(shape, value)
    given = {**_DEFAULTS.get(shape.name, {}), **value}
    by_name = {name.lower(): held for name, held in given.items()}
    if "AllowedMethods" in members and "CachedMethods" in given:
        allowed = given.get("AllowedMethods", ["GET", "HEAD"])
        by_name["allowedmethods"] = {"Items": allowed, "CachedMethods": given["CachedMethods"]}
    made = {}
    for name, member in members.items():
        held = by_name.get(_NAMES.get(name, name).lower())
        if held is not None:
            made[name] = parameters(member, held)
    return made


def _list(shape: Any, value: Any) -> dict[str, Any]:
    """A list with its quantity, and with what else the API has beside it."""
    given = {"Items": value} if isinstance(value, list) else dict(value)
    items = given.get("Items", given.get("Locations")) or []
    made = {
        name: parameters(member, given[name])
        for name, member in shape.members.items()
        if name in given and name not in ("Items", "Quantity", "Enabled")
    }
    if "Enabled" in shape.members:
        made["Enabled"] = bool(items)
    return {
        **made,
        "Quantity": len(items),
        "Items": parameters(shape.members["Items"], items),
    }
