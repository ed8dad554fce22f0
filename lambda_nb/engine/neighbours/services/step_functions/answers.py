"""Answers of Step Functions' API, as moto takes them."""

from __future__ import annotations

from typing import Any


def answer(told: dict[str, Any]) -> Any:
    """An answer without the members that have no value."""
    from moto.core.responses import ActionResult

    return ActionResult({name: value for name, value in told.items() if value is not None})
