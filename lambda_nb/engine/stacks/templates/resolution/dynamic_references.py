"""Dynamic references: values of Systems Manager and Secrets Manager inside of texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lambda_nb.engine.stacks.templates.texts import DYNAMIC_REFERENCE


def replaced(value: Any, dynamic: Callable[[str], str]) -> Any:
    """A value with its dynamic references replaced.

    Parameters
    ----------
    value
        Without intrinsic functions.
    dynamic
        The value of a reference, by the text between its braces: ``resolve:ssm:/name:3``.

    Examples
    --------
    >>> replaced(["{{resolve:ssm:size}} MB"], {"resolve:ssm:size": "128"}.__getitem__)
    ['128 MB']
    """
    if isinstance(value, str):
        if "{{resolve:" not in value:
            return value
        return DYNAMIC_REFERENCE.sub(lambda match: dynamic(match[1]), value)
    if isinstance(value, list):
        return [replaced(item, dynamic) for item in value]
    if isinstance(value, dict):
        return {key: replaced(held, dynamic) for key, held in value.items()}
    return value
