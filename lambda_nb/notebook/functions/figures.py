"""A function's settings in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook import display


def summary(config: Mapping[str, Any], *more: str) -> str:
    """A function's settings on one line of HTML."""
    return display.line(
        display.bold(f"λ {config['FunctionName']}"), *more, *map(display.dim, figures(config))
    )


def figures(config: Mapping[str, Any]) -> list[str]:
    """Runtime, memory, timeout and code size, as readable text."""
    return [
        str(config.get("Runtime", config.get("PackageType", ""))),
        f"{config.get('MemorySize', 128)} MB",
        f"{config.get('Timeout', 3)} s",
        display.size(int(config.get("CodeSize", 0))),
    ]
