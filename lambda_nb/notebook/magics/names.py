"""Names of functions as names of Python."""

from __future__ import annotations

import keyword
import re

from lambda_nb.notebook.errors import UsageError


def identifier(name: str) -> str:
    """A function's name (or the name in an ARN) as a Python name: ``my-func`` is ``my_func``.

    Raises
    ------
    UsageError
        The name has no letter or digit.
    """
    plain = name.split(":function:")[-1].split(":")[0]
    bound = re.sub(r"\W", "_", plain)
    if not bound.strip("_"):
        raise UsageError(f"{name!r} is no name for a function; use letters, digits, - and _")
    if bound[0].isdigit():
        bound = f"_{bound}"
    return f"{bound}_" if keyword.iskeyword(bound) else bound
