"""How a function asks for a debugger: an environment variable, which AWS ignores."""

from __future__ import annotations

VARIABLE = "LAMBDA_NB_DEBUG"
"""The environment variable that a lambda_nb engine looks for: ``1``, or a port."""


def asked_port(value: str) -> int | None:
    """The port that a value of the variable asks for; 0 for any, ``None`` for no debugger.

    Examples
    --------
    >>> asked_port("1"), asked_port("5678"), asked_port("0"), asked_port("80"), asked_port("")
    (0, 5678, None, None, None)
    """
    asked = value.strip().lower()
    if asked in ("1", "true", "yes", "on"):
        return 0
    is_port = asked.isascii() and asked.isdigit() and 1024 <= int(asked[:6]) <= 65535
    return int(asked) if is_port else None
