"""SnapStart's runtime hooks for Python: functions to run before a snapshot and after a restore.

Has the names of AWS's package, which handlers import.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # Python 3.8 cannot subscript these
    Hook = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

_before_snapshot: list[Hook] = []
_after_restore: list[Hook] = []


def register_before_snapshot(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``func`` before the snapshot; hooks run in reverse order of registration."""
    _before_snapshot.append((func, args, kwargs))
    return func


def register_after_restore(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``func`` after each restore; hooks run in order of registration."""
    _after_restore.append((func, args, kwargs))
    return func


def get_before_snapshot() -> list[Hook]:
    """The hooks to run before a snapshot."""
    return _before_snapshot


def get_after_restore() -> list[Hook]:
    """The hooks to run after a restore."""
    return _after_restore
