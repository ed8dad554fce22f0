"""Marks in a function's cell: what is wrong before it runs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.notebook.magics.editing.check import Problem, check

HANDLER = "def handler(event, context):\n    return event\n"


def problems(source: str, **namespace: Any) -> list[Problem]:
    return check(source, namespace)


def marked(source: str, problem: Problem) -> str:
    return source.splitlines()[problem.line - 1][problem.column : problem.end_column]


def test_a_cell_that_is_right_has_no_marks() -> None:
    assert problems(f"%%lambda f --memory 256 --env A1=b\n{HANDLER}") == []
    assert problems("x = undefined") == []
    assert problems("%%lambdas f\nx = undefined") == []
    assert problems("%%lambda --help") == []


@pytest.mark.parametrize(
    ("source", "mark", "said"),
    [
        (f"%%lambda f --memroy 256\n{HANDLER}", "--memroy", "did you mean --memory"),
        (f"%%lambda f --memory much\n{HANDLER}", "much", "invalid int value"),
        (f"%%lambda f --memory 64\n{HANDLER}", "64", "Lambda takes 128 to 10240"),
        (f"%%lambda f --runtime python2.7\n{HANDLER}", "python2.7", "has no runtime python2.7"),
        (f"%%lambda f --env A\n{HANDLER}", "A", "is not KEY=VALUE"),
        ("%%lambda\n", "", "needs a name"),
        ("%%lambda f\ndef handler(event:\n    pass", "(", "SyntaxError"),
        ("%%lambda f\nreturn 1", "return 1", "'return' outside function"),
        ("%%lambda f\nx = 1\n", "x = 1", "no handler"),
        ("%%lambda f --handler lambda_function.main\n" + HANDLER, "def handler(event, context):",
         "the cell defines no main"),
        ("%%lambda f\ndef handler(event, context):\n    return  hlep(event)", "hlep",
         "hlep is not defined"),
        ("%%cloudfront_function f --on origin\nfunction handler(event) {}", "origin",
         "invalid choice"),
    ],
    ids=["option", "type", "range", "runtime", "env", "name", "syntax", "return", "handler",
         "named-handler", "name-unknown", "cloudfront"],
)  # fmt: skip
def test_a_mistake_is_marked_where_it_is(source: str, mark: str, said: str) -> None:
    (found,) = problems(source)
    assert said in found.message
    assert marked(source, found) == mark


def test_names_of_the_notebook_have_advice() -> None:
    source = "%%lambda f\ndef handler(event, context):\n    é = 1; return json.dumps(limit)"
    found = problems(source, json=pytest, limit=3)
    assert [marked(source, one) for one in found] == ["json", "limit"]
    assert "add import pytest as json" in found[0].message
    assert "define it in the cell" in found[1].message
    included = source.replace("f\n", "f --include limit json\n", 1)
    assert problems(included, json=pytest, limit=3) == []


@pytest.mark.parametrize(
    "body",
    [
        "from os.path import *\ndef handler(e, c):\n    return join(e)",
        "def handler(e, c):\n    exec('x = 1')\n    return x",
        "try:\n    import orjson as json\nexcept ImportError:\n    import json\n"
        "def handler(e, c):\n    return json.dumps(e)",
        "def make(n):\n    global kept\n    kept = n\ndef handler(e, c):\n    make(1); return kept",
        "from app import handler",
        "handler = make = lambda e, c: __name__",
        "class H:\n    def __call__(self, e, c):\n        return __class__\nhandler = H()",
        "def only(event, context):\n    return [x for x in event if (y := x)]",
    ],
    ids=["star", "exec", "try", "global", "import", "lambda", "class", "walrus"],
)
def test_no_false_marks(body: str) -> None:
    assert problems(f"%%lambda f\n{body}") == []


def test_other_languages_and_test_cells() -> None:
    assert problems("%%lambda f --runtime nodejs22.x\nexports.handler = async () => {") == []
    assert problems("%%lambda f --test\nassert anything") == []
    (found,) = problems("%%lambda f --test\nassert (")
    assert found.line == 2


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=60), st.text())
def test_any_text_can_be_checked(line: str, body: str) -> None:
    for found in problems(f"%%lambda {line}\n{body}"):
        assert found.line >= 1
        assert 0 <= found.column <= found.end_column
