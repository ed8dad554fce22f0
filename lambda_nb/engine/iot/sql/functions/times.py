"""Functions of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lambda_nb.engine.iot.sql.functions.dates.reading import read_time
from lambda_nb.engine.iot.sql.functions.dates.writing import write_time
from lambda_nb.engine.iot.sql.functions.function import Function, of

if TYPE_CHECKING:
    from lambda_nb.engine.iot.sql.scope import Scope


def now(scope: Scope) -> int:
    """``timestamp``: milliseconds since 1970."""
    return scope.now_ms


def _check_reading(arguments: list[Any]) -> None:
    if isinstance(arguments[1], str):
        read_time("", arguments[1])


TIMES: Final[dict[str, Function]] = {
    "parse_time": of(write_time, 2, 3, newer=True),
    "time_to_epoch": of(read_time, 2, newer=True, check=_check_reading),
    "timestamp": of(now, 0, of_message=True),
}
