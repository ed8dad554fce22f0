"""Which resource types moto's CloudFormation knows, and what it can do with them."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NEVER = ("AWS::CloudFormation::", "AWS::Lambda::", "AWS::ApiGateway")
"""Services that the engine keeps itself: what moto made of them would do nothing."""
_NAME_OF_TYPE = re.compile(r'def cloudformation_type\(\)[^"]*?return "(AWS::\w+::\w+)"')


@dataclass(frozen=True, slots=True)
class Known:
    """What moto can do with a type, as its source text says.

    Attributes
    ----------
    updates, deletes
        Whether it changes such resources, and whether it deletes them.
    attributes
        The names that ``Fn::GetAtt`` may ask it for.
    named
        The property that it names such resources by, if any.
    """

    updates: bool
    deletes: bool
    attributes: frozenset[str]
    named: str


@cache
def moto_knows(type_name: str) -> Known | None:
    """What moto can do with a type; ``None`` if it does not know it.

    moto is read, not imported: importing all its services takes seconds and much memory.

    Examples
    --------
    >>> moto_knows("AWS::SageMaker::Model").deletes
    True
    >>> moto_knows("AWS::Nobody::Knows")
    """
    path = _sources().get(type_name)
    if path is None or type_name.startswith(_NEVER):
        return None
    for one in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(one, ast.ClassDef):
            methods = {part.name: part for part in one.body if isinstance(part, ast.FunctionDef)}
            if type_name in _texts(methods.get("cloudformation_type")):
                return Known(
                    "update_from_cloudformation_json" in methods,
                    not methods.keys().isdisjoint({"delete", "delete_from_cloudformation_json"}),
                    frozenset(_texts(methods.get("has_cfn_attr"))),
                    next(_texts(methods.get("cloudformation_name_type")), ""),
                )
    return None


def _texts(method: ast.FunctionDef | None) -> Iterator[str]:
    for one in ast.walk(method) if method is not None else ():
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


@cache
def _sources() -> Mapping[str, Path]:
    """moto's source files of the types it knows."""
    found = importlib.util.find_spec("moto")
    assert found is not None
    assert found.origin is not None
    root = Path(found.origin).parent
    return {
        name: path
        for pattern in ("*/models.py", "*/models/*.py")
        for path in root.glob(pattern)
        for name in _NAME_OF_TYPE.findall(path.read_text("utf-8"))
    }
