"""YAML, read and written as JSON's data model has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_MOST_NODES = 500_000  # more only comes of aliases of aliases
_BREAKS = frozenset("\x85\u2028\u2029")
"""Characters that YAML takes for ends of lines, and folds where a text has no double quotes."""


def read(text: str) -> Any:
    """What a YAML text says.

    Raises
    ------
    ValueError
        It is no YAML, or far too much.
    """
    try:
        loaded = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    return _plain(loaded, [0])


def write(content: Mapping[str, Any]) -> bytes:
    """A YAML text that says it."""
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text.encode()


def _plain(value: Any, count: list[int]) -> Any:
    """What was YAML as JSON has it: names are texts, and nothing is shared."""
    count[0] += 1
    if count[0] > _MOST_NODES:
        raise ValueError(f"it has more than {_MOST_NODES} values")
    if isinstance(value, Mapping):
        return {_name(key): _plain(inner, count) for key, inner in value.items()}
    if isinstance(value, (list, set, tuple)):
        return [_plain(inner, count) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _name(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


class _Loader(yaml.SafeLoader):  # type: ignore[misc] # PyYAML has no types
    """Reads dates as texts: JSON has none."""


class _Dumper(yaml.SafeDumper):  # type: ignore[misc] # PyYAML has no types
    """Writes nothing by reference, and every character so that it can be read again."""

    def ignore_aliases(self, data: Any) -> bool:
        """Whether a value is written again where it comes again: always."""
        return True


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _quoted(dumper: _Dumper, text: str) -> Any:
    style = '"' if _BREAKS.intersection(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _quoted)
