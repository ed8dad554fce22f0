"""The line of code that simulates what the sliders say, so that it runs as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambda_nb.notebook.explore.settings import ACCOUNT_LIMIT

_SPANS = ((3600.0, "h"), (60.0, "min"))
_SLIDERS = ("keep_alive", "memory", "provisioned", "account_limit")


def around(trace: Any, given: Mapping[str, Any], fixed: Sequence[str]) -> tuple[str, str]:
    """What stands before and after the settings of the sliders."""
    held = [f", {k}={_text(v)}" for k, v in given.items() if k not in _SLIDERS or k in fixed]
    return f"lambda_nb.simulate({_name_of(trace) or 'trace'}", "".join(held) + ")"


def arguments(settings: Mapping[str, Any]) -> str:
    """The settings of the sliders: ``, keep_alive="10min", memory=512``; defaults are left out."""
    parts = []
    for name, value in settings.items():
        if name == "account_limit" and value == ACCOUNT_LIMIT:
            continue
        parts.append(f", {name}={span(value) if name == 'keep_alive' else value}")
    return "".join(parts)


def span(seconds: float) -> str:
    """Seconds as people write them: ``"10min"``; ``float("inf")``."""
    if seconds == float("inf"):
        return 'float("inf")'
    for size, unit in _SPANS:
        if seconds >= size and seconds % size == 0:
            return f'"{seconds / size:g}{unit}"'
    return f"{seconds:g}"


def _text(value: Any) -> str:
    """A value as code: what has a name in the notebook is called by it."""
    if isinstance(value, (int, float, str, bool, dict, list, tuple, set, type(None))):
        return repr(value)
    return _name_of(value) or repr(value)


def _name_of(value: Any) -> str | None:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return None
    names = [
        name
        for name, bound in list(shell.user_ns.items())
        if bound is value and not name.startswith("_")
    ]
    return names[0] if names else None
