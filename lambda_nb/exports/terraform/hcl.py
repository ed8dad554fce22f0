"""Terraform's language, as ``terraform fmt`` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


class Expression(str):
    """Text of Terraform's own, not to be quoted."""

    __slots__ = ()


@dataclass
class Block:
    """A block: its words before the brace, its arguments and blocks in their order."""

    words: tuple[str, ...]
    body: list[tuple[str, Any] | Block] = field(default_factory=list)

    def add(self, **arguments: Any) -> Block:
        """Add arguments that are not None; returns the block."""
        self.body += [(name, value) for name, value in arguments.items() if value is not None]
        return self

    def inside(self, *words: str, **arguments: Any) -> Block:
        """Add a block with these arguments; returns the block that it is in."""
        self.body.append(Block(words).add(**arguments))
        return self


def resource(kind: str, label: str, /, **arguments: Any) -> Block:
    """A resource."""
    return Block(("resource", kind, label)).add(**arguments)


def data(kind: str, label: str, /, **arguments: Any) -> Block:
    """A data source."""
    return Block(("data", kind, label)).add(**arguments)


def text_of(blocks: Iterable[Block]) -> str:
    """Blocks as a file."""
    return "\n\n".join("\n".join(_lines(block)) for block in blocks) + "\n"


def value_text(value: Any) -> str:
    """A value as text, over several lines if need be."""
    return "\n".join(_value(value))


def _lines(block: Block) -> list[str]:
    first, *labels = block.words
    head = " ".join([first, *(f'"{label}"' for label in labels)])
    if not block.body:
        return [f"{head} {{}}"]
    lines = [f"{head} {{"]
    group: list[tuple[str, list[str]]] = []

    def flush() -> None:
        lines.extend(f"  {line}" for line in _aligned(group))
        group.clear()

    for place, item in enumerate(block.body):
        if isinstance(item, Block):
            flush()
            lines += ([""] if place else []) + [f"  {line}".rstrip() for line in _lines(item)]
            continue
        if place and isinstance(block.body[place - 1], Block):
            lines.append("")
        name, value = item
        shown = _value(value)
        if len(shown) > 1:
            flush()
            lines += [f"  {name} = {shown[0]}", *(f"  {line}" for line in shown[1:])]
        else:
            group.append((name, shown))
    flush()
    return [*lines, "}"]


def _aligned(pairs: list[tuple[str, list[str]]]) -> list[str]:
    """Arguments with their signs of equality below each other."""
    width = max((len(name) for name, _ in pairs), default=0)
    lines = []
    for name, (first, *rest) in pairs:
        lines += [f"{name:<{width}} = {first}", *rest]
    return lines


def _value(value: Any) -> list[str]:
    if isinstance(value, Expression):
        return str(value).split("\n")
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, (int, float)):
        return [str(value)]
    if isinstance(value, (list, tuple)):
        return _list(list(value))
    if isinstance(value, dict):
        return _object(value)
    return [quoted(str(value))]


def _list(items: list[Any]) -> list[str]:
    shown = [_value(item) for item in items]
    joined = ", ".join(lines[0] for lines in shown)
    if all(len(lines) == 1 for lines in shown) and len(joined) <= 80:
        return [f"[{joined}]"]
    lines = ["["]
    for one in shown:
        lines += [f"  {line}" for line in one[:-1]] + [f"  {one[-1]},"]
    return [*lines, "]"]


def _object(items: dict[str, Any]) -> list[str]:
    if not items:
        return ["{}"]
    lines = ["{"]
    group: list[tuple[str, list[str]]] = []
    for key, value in items.items():
        name = key if re.fullmatch(r"[A-Za-z_][\w-]*", key) else quoted(key)
        shown = _value(value)
        if len(shown) > 1:
            lines += [f"  {line}" for line in _aligned(group)]
            group = []
            lines += [f"  {name} = {shown[0]}", *(f"  {line}" for line in shown[1:])]
        else:
            group.append((name, shown))
    return [*lines, *(f"  {line}" for line in _aligned(group)), "}"]


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escaped(text: str) -> str:
    r"""The inside of a string of Terraform's; what would be a template in it is escaped.

    Examples
    --------
    >>> print(escaped('a "b" ${c} %{d}'))
    a \"b\" $${c} %%{d}
    """
    plain = "".join(_ESCAPES.get(one, one) for one in text)
    return plain.replace("${", "$${").replace("%{", "%%{")


def quoted(text: str) -> str:
    """A string of Terraform's."""
    return f'"{escaped(text)}"'


def label_of(name: str) -> str:
    """A name as a label.

    Examples
    --------
    >>> label_of("my-queue"), label_of("2 fast")
    ('my-queue', '_2_fast')
    """
    label = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return label if re.match(r"[A-Za-z_]", label) else f"_{label}"
