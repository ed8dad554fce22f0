"""How values of templates become texts."""

from __future__ import annotations

import re
from typing import Any

DYNAMIC_REFERENCE = re.compile(r"\{\{(resolve:(?:ssm|ssm-secure|secretsmanager):[^{}]+)\}\}")
"""``{{resolve:SERVICE:...}}``; its first group is what is between the braces."""

PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
"""``${...}`` of ``Fn::Sub``; its group is the name, or ``!`` and what stays literally."""

PLACEHOLDER_NAME = re.compile(r"\s*[\w.:]+\s*")
"""The names that ``Fn::Sub`` takes."""


def as_text(value: Any) -> str:
    """A number, a boolean or a text as CloudFormation writes it into texts.

    Examples
    --------
    >>> as_text(True), as_text(128), as_text(0.5), as_text(2.0)
    ('true', '128', '0.5', '2')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
