"""What stands after SELECT: from the values of its items to the object or value that goes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lambda_nb.engine.iot.sql import tree
from lambda_nb.engine.iot.sql.errors import EvaluationError, SqlError
from lambda_nb.engine.iot.sql.scope import Run, Scope
from lambda_nb.engine.iot.sql.values import UNDEFINED

_NOT_JSON: Final = (
    "The payload is not JSON, so nothing can be added to it: select * alone, or"
    " encode(*, 'base64')."
)
_NOT_OBJECT: Final = "SELECT * with other items needs a payload that is an object."


def select(
    selection: tree.Selection,
    compile_one: Callable[[tree.Expression], Run],
    error_at: Callable[[tree.Position, str], SqlError],
) -> Run:
    """Compile a selection.

    Raises
    ------
    SqlError
        An item has no name.
    """
    first = selection.items[0]
    if len(selection.items) == 1 and (selection.is_value or first.path is None):
        if isinstance(first.value, tree.Star):
            if first.path is not None:
                raise error_at(first.position, "SELECT VALUE gives no name, so it takes no AS.")
            return lambda scope, row: row
        if selection.is_value:
            if first.path is not None:
                raise error_at(first.position, "SELECT VALUE gives no name, so it takes no AS.")
            return compile_one(first.value)
    if all(_is_simple(item) for item in selection.items):
        return _object_of([(_path(item, error_at)[0], compile_one(item.value))
                           for item in selection.items])  # fmt: skip
    return _general([_step(item, compile_one, error_at) for item in selection.items])


def _is_simple(item: tree.Item) -> bool:
    """Whether an item sets one member of what goes out, and nothing else."""
    if isinstance(item.value, tree.Star):
        return False
    if item.path is None:
        return not isinstance(item.value, tree.ObjectLiteral)
    return len(item.path) == 1


def _path(item: tree.Item, error_at: Callable[[tree.Position, str], SqlError]) -> tuple[str, ...]:
    """Return where an item goes: the names after AS, else the last name that it is called by."""
    if item.path is not None:
        return item.path
    value = item.value
    if isinstance(value, (tree.Name, tree.Member, tree.Variable, tree.Call)):
        return (value.name,)
    if isinstance(value, tree.Cast):
        return ("cast",)
    raise error_at(item.position, "An expression in SELECT needs a name: write it with AS name.")


def _object_of(members: list[tuple[str, Run]]) -> Run:
    def build(scope: Scope, row: Any) -> Any:
        built = {}
        for name, run in members:
            value = run(scope, row)
            if value is not UNDEFINED:
                built[name] = value
        return built

    return build


_Step = Callable[[Scope, Any, dict[str, Any]], None]


def _general(steps: list[_Step]) -> Run:
    def build(scope: Scope, row: Any) -> Any:
        built: dict[str, Any] = {}
        for step in steps:
            step(scope, row, built)
        return built

    return build


def _step(
    item: tree.Item,
    compile_one: Callable[[tree.Expression], Run],
    error_at: Callable[[tree.Position, str], SqlError],
) -> _Step:
    if isinstance(item.value, tree.Star):
        return _all_members if item.path is None else _everything_at(item.path)
    run = compile_one(item.value)
    if item.path is None and isinstance(item.value, tree.ObjectLiteral):

        def spread(scope: Scope, row: Any, built: dict[str, Any]) -> None:
            built.update(run(scope, row))

        return spread
    path = _path(item, error_at)

    def put(scope: Scope, row: Any, built: dict[str, Any]) -> None:
        value = run(scope, row)
        if value is not UNDEFINED:
            _put(built, path, value)

    return put


def _all_members(scope: Scope, row: Any, built: dict[str, Any]) -> None:
    if type(row) is dict:
        built.update(row)
    elif row != b"":  # an empty payload can have data added
        raise EvaluationError(_NOT_JSON if type(row) is bytes else _NOT_OBJECT)


def _everything_at(path: tuple[str, ...]) -> _Step:
    def put(scope: Scope, row: Any, built: dict[str, Any]) -> None:
        if type(row) is not bytes:
            _put(built, path, row)
        elif row:
            raise EvaluationError(_NOT_JSON)

    return put


def _put(built: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a member, inside of others if the path has more names; the message's stay as they are."""
    for name in path[:-1]:
        inner = built.get(name)
        built[name] = dict(inner) if type(inner) is dict else {}
        built = built[name]
    built[path[-1]] = value
