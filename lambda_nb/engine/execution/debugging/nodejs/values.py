"""JavaScript values as debuggers show them, from the inspector's descriptions."""

from __future__ import annotations

import json
from typing import Any

_MOST_CHARACTERS = 10_000


def shown(value: dict[str, Any]) -> str:
    """A remote object (``Runtime.RemoteObject``) in a line."""
    kind, subtype = value.get("type"), value.get("subtype")
    if kind == "undefined":
        return "undefined"
    if subtype == "null":
        return "null"
    if kind == "string":
        return _quoted(str(value.get("value", "")))
    if kind == "function":
        return _first_line(value, "ƒ")
    if "unserializableValue" in value:
        return str(value["unserializableValue"])
    if kind in ("number", "boolean"):
        return json.dumps(value.get("value"))
    if subtype == "error":
        return _first_line(value, "Error")
    preview = value.get("preview")
    if kind == "object" and isinstance(preview, dict):
        return _previewed(value, preview)
    return str(value.get("description", value.get("value", kind)))


def typed(value: dict[str, Any]) -> str:
    """The type of a remote object: its class, or the kind of a primitive."""
    return str(value.get("className") or value.get("subtype") or value.get("type") or "")


def _first_line(value: dict[str, Any], default: str) -> str:
    return (str(value.get("description") or default).splitlines() or [default])[0]


def _quoted(text: str) -> str:
    part = text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + "…"
    return "'" + json.dumps(part, ensure_ascii=False)[1:-1].replace('\\"', '"') + "'"


def _previewed(value: dict[str, Any], preview: dict[str, Any]) -> str:
    """``{a: 1, b: 'x', …}``, ``(3) [1, 2, 3]``, ``Order {number: 7}``."""
    subtype, described = value.get("subtype"), str(value.get("description", "Object"))
    parts = [
        f"{_short(entry['key'])} => {_short(entry['value'])}"
        if "key" in entry
        else _short(entry["value"])
        for entry in preview.get("entries", [])
    ]
    for one in preview.get("properties", []):
        text = _property(one)
        parts.append(text if subtype in ("array", "typedarray") else f"{one['name']}: {text}")
    if subtype in ("date", "regexp", "promise", "proxy") and not parts:
        return described
    if preview.get("overflow"):
        parts.append("…")
    if subtype in ("array", "typedarray"):
        name, _, size = described.partition("(")
        return (
            f"({size[:-1]}) [{', '.join(parts)}]"
            if name == "Array"
            else f"{described} [{', '.join(parts)}]"
        )
    inside = "{" + ", ".join(parts) + "}"
    return inside if described == "Object" else f"{described} {inside}"


def _property(one: dict[str, Any]) -> str:
    text = str(one.get("value", ""))
    if one.get("type") == "string":
        return _quoted(text)
    return "ƒ" if one.get("type") == "function" else text or str(one.get("type"))


def _short(preview: dict[str, Any]) -> str:
    """A preview within a preview."""
    text = str(preview.get("description", ""))
    return _quoted(text) if preview.get("type") == "string" else text
