"""Names that a cell takes for granted."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator

import pytest

from lambda_nb.notebook.functions.unbound_names import left_behind


def helper() -> None:
    """A stand-in for a function of the notebook."""


helper.__module__ = "__main__"
NOTEBOOK = {
    "helper": helper,
    "x": 5,
    "np": types.ModuleType("numpy"),
    "json": json,
    "Iterator": Iterator,
    "open": 1,
}


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def handler(event, context):\n    return helper(event) + x", ["helper", "x"]),
        ("y = x\ndef handler(event, context):\n    return y", ["x"]),
        ("def handler(event, context):\n    return [x for x in event]", []),
        ("def handler(event, context):\n    return [helper(i) for i in event]", ["helper"]),
        ("def handler(event, context):\n    x = 1\n    return (lambda: x)()", []),
        ("x = 1\ndef handler(event, context):\n    return x", []),
        ("import json\ndef handler(event, context):\n    return json.dumps(event)", []),
        ("def handler(event, context):\n    return json.dumps(event)", ["json"]),
        ("from os import *\ndef handler(event, context):\n    return x", []),
        ("def handler(event, x):\n    return x", []),
        ("@helper\ndef handler(event, context):\n    return 1", ["helper"]),
        ("def handler(event: x, context) -> None:\n    return 1", ["x"]),
        ("class A(helper):\n    x = 1\n    def m(self):\n        return x", ["helper", "x"]),
        ("def handler(event, context):\n    return open(__file__), len(event), unknown", []),
        ("def set():\n    global x\n    x = 1\ndef handler(e, c):\n    return 1", []),
        ("def handler(event, context):\n    helper = 1\n    return helper", []),
    ],
)
def test_names(code: str, names: list[str]) -> None:
    assert list(left_behind(code, NOTEBOOK)) == names


def test_what_to_do() -> None:
    code = "def handler(event, context):\n    return helper, x, np, json, Iterator"
    where = "is defined in this notebook, not in the function"
    assert left_behind(code, NOTEBOOK) == {
        "helper": f"helper {where}: add --include helper",
        "x": f"x {where}: define it in the cell, or send it with the event",
        "np": f"np {where}: add import numpy as np to the cell",
        "json": f"json {where}: add import json to the cell",
        "Iterator": f"Iterator {where}: add from collections.abc import Iterator to the cell",
    }
