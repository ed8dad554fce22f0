"""JSONata: variables, Step Functions' own functions, and errors that can be caught."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from states_lab import Lab

from lambda_nb.engine.neighbours.services.step_functions import query_language

pytestmark = pytest.mark.skipif(
    not query_language.is_available(), reason="jsonata-python is missing"
)
JSONATA = {"QueryLanguage": "JSONata"}


@given(st.text())
def test_any_text_can_be_a_variable(text: str) -> None:
    declared = query_language.declarations({"$v": text})
    assert query_language.evaluate(f"({declared}$v)") == text


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$range(0, 6, 2)", [0, 2, 4, 6]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$hash('x', 'MD5')", "9dd4e461268c8034f5c8564e155c67a6"),
        ("$length($uuid())", 36),
        ("$random(1) = $random(1)", True),
        ("$parse('{\"a\": 1}').a", 1),
    ],
)
def test_functions_of_step_functions(expression: str, value: object) -> None:
    assert query_language.evaluate(expression) == value


def test_the_recursion_limit_of_the_process_stays() -> None:
    # The package's import raises it; readers of the engine refuse by it what is nested too deeply.
    code = (
        "import sys; limit = sys.getrecursionlimit();"
        "from lambda_nb.engine.neighbours.services.step_functions import query_language;"
        "assert query_language.evaluate('1 + 1') == 2;"
        "assert 'jsonata' in sys.modules;"
        "assert sys.getrecursionlimit() == limit, sys.getrecursionlimit()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_expression_without_end_fails() -> None:
    with pytest.raises(Exception) as caught:
        query_language.evaluate("($f := function() { $f() }; $f())", seconds=0.2)
    assert "Check for infinite loop" in str(vars(caught.value))


def test_variables_and_output(lab: Lab) -> None:
    states = {
        "A": {"Type": "Pass", "Assign": {"v": "{% $states.input.n * 2 %}"}, "Next": "B"},
        "B": {
            "Type": "Pass",
            "Output": {"v": "{% $v + 1 %}", "id": "{% $length($uuid()) %}"},
            "End": True,
        },
    }
    assert lab.output(states, {"n": 3}, program=JSONATA) == {"v": 7, "id": 36}


def test_an_expression_that_fails(lab: Lab) -> None:
    states = {"A": {"Type": "Pass", "Output": "{% $states.input.s + 1 %}", "End": True}}
    told = lab.run(states, {"s": "a"}, program=JSONATA)
    assert told["error"] == "States.QueryEvaluationError", told
