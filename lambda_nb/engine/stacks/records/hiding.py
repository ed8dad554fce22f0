"""Hides secret values in what clients may see."""

from __future__ import annotations

from typing import Any

HIDDEN = "****"
"""What CloudFormation shows in the place of a secret value."""

_SHORTEST_IN_TEXT = 4
"""Characters that a secret must have to be hidden inside longer texts too."""


def hidden(value: Any, secrets: frozenset[str]) -> Any:
    """A JSON value with ``****`` in the place of secret texts.

    Examples
    --------
    >>> hidden({"a": ["hush", "say hush!", "x"]}, frozenset({"hush", "x"}))
    {'a': ['****', 'say ****!', '****']}
    >>> hidden("say hush-hush!", frozenset({"hush", "hush-hush"}))
    'say ****!'
    """
    if isinstance(value, dict):
        return {name: hidden(held, secrets) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [hidden(held, secrets) for held in value]
    if not isinstance(value, str) or not secrets:
        return value
    if value and value in secrets:
        return HIDDEN
    for secret in sorted(secrets, key=len, reverse=True):  # one may be in another
        if len(secret) >= _SHORTEST_IN_TEXT:
            value = value.replace(secret, HIDDEN)
    return value
