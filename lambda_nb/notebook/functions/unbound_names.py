"""Find names that a function's cell uses but only the notebook defines.

The function has only the code of its cell, so these names would be missing there.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import symtable
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

_OF_A_MODULE = {"__name__", "__file__", "__doc__", "__spec__", "__builtins__", "__annotations__"}


def left_behind(code: str, namespace: Mapping[str, Any]) -> dict[str, str]:
    """Names that the code needs but only the notebook has, each with advice on what to do.

    Parameters
    ----------
    code
        A Python module without syntax errors.
    namespace
        The notebook's variables.

    Returns
    -------
    dict of str to str
        Empty if the code imports unknown names (``from x import *``).
    """
    return {
        name: _advice(name, namespace[name])
        for name in needed(code)
        if name in namespace and name not in _OF_A_MODULE and not hasattr(builtins, name)
    }


def needed(code: str) -> list[str]:
    """Global names that a module uses and does not define, in the order of their use.

    Names of Python itself are among them. None if the code imports unknown names.
    """
    if any(
        isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
        for node in ast.walk(ast.parse(code))
    ):
        return []
    module = symtable.symtable(code, "cell", "exec")
    defined = {
        symbol.get_name()
        for symbol in module.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }
    defined |= _assigned_globals(module)
    wanted = dict.fromkeys(_global_names(module, outermost=True))
    return [name for name in wanted if name not in defined]


def _global_names(table: symtable.SymbolTable, *, outermost: bool = False) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (outermost or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        # Skip a name that a function declares global and assigns: the function defines it.
        yield from (name for name in _global_names(inner) if name not in _assigned_globals(inner))


def _assigned_globals(table: symtable.SymbolTable) -> set[str]:
    found = {
        s.get_name() for s in table.get_symbols() if s.is_declared_global() and s.is_assigned()
    }
    return found.union(*(_assigned_globals(inner) for inner in table.get_children()))


def _advice(name: str, value: Any) -> str:
    where = f"{name} is defined in this notebook, not in the function"
    if isinstance(value, ModuleType):
        alias = "" if value.__name__ == name else f" as {name}"
        return f"{where}: add import {value.__name__}{alias} to the cell"
    if inspect.isfunction(value) or inspect.isclass(value):
        if value.__module__ == "__main__":
            return f"{where}: add --include {name}"
        return f"{where}: add from {value.__module__} import {value.__name__} to the cell"
    return f"{where}: define it in the cell, or send it with the event"
