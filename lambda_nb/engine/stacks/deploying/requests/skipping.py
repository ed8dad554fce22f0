"""The resources that the rollback of an update is to skip, in a stack and in those nested in it.

``LOGICALID`` is one of the stack itself, ``NESTEDSTACKNAME.LOGICALID`` one of a stack nested in it
at any depth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.records.rows import Stack, StackResource
from lambda_nb.engine.stacks.records.store import Store


def check(store: Store, stack: Stack, skipped: Iterable[str]) -> None:
    """Refuse to skip resources that did not fail.

    Raises
    ------
    AWSError
        ``ValidationError``.
    """
    wrong = [name for name in skipped if not _failed(_named(store, stack, name))]
    if wrong:
        raise validation_error(
            f"The resources to skip must be in the UPDATE_FAILED state: [{', '.join(wrong)}]"
        )


def inside(name: str, skipped: Sequence[str]) -> list[str]:
    """What the nested stack of a name is to skip, itself and in those nested in it.

    Examples
    --------
    >>> inside("shop-Db-1", ["A", "shop-Db-1.B", "shop-Db-1-Inner-2.C"])
    ['B', 'shop-Db-1-Inner-2.C']
    """
    own = f"{name}."
    return [one.removeprefix(own) for one in skipped if "." in one]


def _named(store: Store, stack: Stack, name: str) -> StackResource | None:
    owner, separator, logical_id = name.rpartition(".")
    if not separator:
        return store.resource(stack.id, name)
    for one in _nested(store, stack):
        if one.name == owner:
            return store.resource(one.id, logical_id)
    return None


def _nested(store: Store, stack: Stack) -> Iterator[Stack]:
    for one in store.nested_in(stack.id):
        yield one
        yield from _nested(store, one)


def _failed(row: StackResource | None) -> bool:
    return row is not None and row.status == "UPDATE_FAILED"
