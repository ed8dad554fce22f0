"""Python source, as a formatter would leave it."""

from __future__ import annotations

from typing import Any

_WIDTH = 88
_OF_STATEMENTS = 8
"""The indentation of statements in a method."""


class Code(str):
    """Text that is Python already."""

    __slots__ = ()


def literal(value: Any, indent: int = 0) -> str:
    """A value as Python, over several lines if it is long."""
    flat = _flat(value)
    if len(flat) + indent <= _WIDTH and "\n" not in flat:
        return flat
    inner, outer = " " * (indent + 4), " " * indent
    if isinstance(value, Code):
        # A call of several lines stands as a statement's; its further lines move with the first.
        return value.replace("\n", "\n" + " " * max(indent - _OF_STATEMENTS, 0))
    if isinstance(value, dict) and value:
        rows = [f"{inner}{_flat(key)}: {literal(one, indent + 4)}," for key, one in value.items()]
        return "\n".join(["{", *rows, f"{outer}}}"])
    if isinstance(value, (list, tuple)) and value:
        rows = [f"{inner}{literal(one, indent + 4)}," for one in value]
        return "\n".join(["[", *rows, f"{outer}]"])
    return flat


def call(function: str, /, *positional: Any, **named: Any) -> Code:
    """A call; arguments that are None are left out."""
    indent = _OF_STATEMENTS
    arguments = [("", one) for one in positional]
    arguments += [(f"{key}=", one) for key, one in named.items() if one is not None]
    flat = f"{function}({', '.join(head + _flat(one) for head, one in arguments)})"
    if len(flat) + indent <= _WIDTH and "\n" not in flat:
        return Code(flat)
    inner = " " * (indent + 4)
    rows = [f"{inner}{head}{literal(one, indent + 4)}," for head, one in arguments]
    return Code("\n".join([f"{function}(", *rows, f"{' ' * indent})"]))


def _flat(value: Any) -> str:
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(k)}: {_flat(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flat, value)) + "]"
    return repr(value)


def _quoted(text: str) -> str:
    shown = repr(text)
    if shown.startswith("'") and '"' not in text and "\\'" not in shown:
        return f'"{shown[1:-1]}"'
    return shown
