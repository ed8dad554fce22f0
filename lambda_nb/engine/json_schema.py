"""JSON Schema's library, imported without what makes its import slow."""

from __future__ import annotations

import importlib
import sys
from typing import Any

_SLOW = "rfc3987_syntax"


def library() -> Any:
    """The ``jsonschema`` module.

    Where ``rfc3987-syntax`` is installed (JupyterLab brings it), ``jsonschema`` compiles its
    grammar for the format ``iri``: 3 s. Nothing here needs that format.
    """
    if "jsonschema" in sys.modules or _SLOW in sys.modules:
        return importlib.import_module("jsonschema")
    sys.modules[_SLOW] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("jsonschema")
    finally:
        del sys.modules[_SLOW]
