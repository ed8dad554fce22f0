"""Tests of functions in cells, against a real engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell

from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.trials.outcomes import TestsFailed

Run = Callable[[str], Any]
DOUBLE = """%%lambda {name}{options}
def handler(event, context):
    return {{"double": event["n"] * 2}}
"""
TESTS = """%%lambda {name} --test
def test_doubles():
    assert {handle}({{"n": 2}}) == {{"double": 4}}

def test_zero():
    answer = {handle}({{"n": 0}})
    assert answer["double"] == {zero}
"""


@pytest.fixture
def name() -> str:
    return Engine.name("double").replace("-", "_")


def test_events_run_after_each_deploy_and_show_what_came_back(run: Run, name: str) -> None:
    shown = run(DOUBLE.format(name=name, options=""" --event {"n": 2} => {"double": 4} {"n": 1}"""))
    assert "2 tests passed" in repr(shown)
    assert '✓ {"n": 2} => {"double": 4}' not in repr(shown)
    assert "✓ {\"n\": 2} → {'double': 4} · cold" in repr(shown)
    assert "✓ {\"n\": 1} → {'double': 2} · warm" in repr(shown)
    assert "2 tests passed" in shown._repr_html_()


def test_an_unexpected_result_fails_the_cell_but_the_function_is_there(
    run: Run, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TestsFailed) as caught:
        run(DOUBLE.format(name=name, options=""" --event {"n": 2} => 5 {} => KeyError {}"""))
    assert "2 of 3 tests" in str(caught.value)
    assert f"{name} is deployed" in str(caught.value)
    told = "\n".join(caught.value._render_traceback_())
    assert "{'double': 4}; expected 5" in told
    assert "KeyError: 'n'" in told
    assert 'return {"double": event["n"] * 2}' in told
    shown = capsys.readouterr().out
    assert "created" in shown
    assert "✓ {} → KeyError: 'n'" in shown
    assert run(f"{name}({{'n': 4}})") == {"double": 8}


def test_a_test_cell_runs_at_once_and_after_each_deploy(run: Run, name: str) -> None:
    run(DOUBLE.format(name=name, options=""))
    shown = run(TESTS.format(name=name, handle=name, zero=0))
    assert "2 tests passed" in repr(shown)
    broken = DOUBLE.format(name=name, options="").replace("* 2", "* 3")
    with pytest.raises(TestsFailed) as caught:
        run(broken)
    assert "1 of 2 tests" in str(caught.value)
    (failed,) = [one for one in caught.value.outcomes if not one.passed]
    assert failed.title == "test_doubles"
    assert failed.place.endswith("line 3")
    assert failed.told == f'assert {name}({{"n": 2}}) == {{"double": 4}}'
    assert failed.details[0] == f"{name}({{\"n\": 2}}) is {{'double': 6}}"
    assert "test" not in repr(run(broken.replace(name, f"{name} --no-test", 1)))
    assert "2 tests passed" in repr(run(DOUBLE.format(name=name, options="")))


def test_a_test_cell_before_its_function_waits_for_it(run: Run, name: str) -> None:
    assert "is not deployed yet" in repr(run(TESTS.format(name=name, handle=name, zero=0)))
    assert "2 tests passed" in repr(run(DOUBLE.format(name=name, options="")))


def test_an_edited_test_cell_replaces_itself_and_an_empty_one_forgets(run: Run, name: str) -> None:
    run(DOUBLE.format(name=name, options=""))
    with pytest.raises(TestsFailed, match="1 of 2"):
        run(TESTS.format(name=name, handle=name, zero=1))
    assert "2 tests passed" in repr(run(TESTS.format(name=name, handle=name, zero=0)))
    assert "2 tests passed" in repr(run(DOUBLE.format(name=name, options="")))
    assert "its tests are forgotten" in repr(run(f"%%lambda {name} --test"))
    assert "test" not in repr(run(DOUBLE.format(name=name, options="")))
    assert "it had no tests" in repr(run(f"%%lambda {name} --test"))


def test_plain_asserts_use_the_notebook_and_leave_nothing_behind(
    run: Run, name: str, shell: InteractiveShell
) -> None:
    run(DOUBLE.format(name=name, options=""))
    run("wanted = {'double': 6}")
    cell = f"%%lambda {name} --test\nfound = {name}({{'n': 3}})\nassert found == wanted, 'thrice'"
    assert "1 test passed" in repr(run(cell))
    assert "found" not in shell.user_ns
    run("wanted = {}")
    with pytest.raises(TestsFailed) as caught:
        run(cell)
    (failed,) = caught.value.outcomes
    assert failed.told == "thrice (assert found == wanted)"
    assert list(failed.details) == ["found is {'double': 6}", "wanted is {}"]


def test_an_assertion_evaluates_each_side_once(run: Run, name: str) -> None:
    run(DOUBLE.format(name=name, options=""))
    run("calls = []")
    cell = f"%%lambda {name} --test\nassert len(calls) == calls.append(1) or not calls.append(2)"
    run(cell)
    assert run("calls") == [1, 2]
    with pytest.raises(TestsFailed) as caught:
        run(f"%%lambda {name} --test\nassert calls.append(3)")
    assert run("calls") == [1, 2, 3]
    assert list(caught.value.outcomes[0].details) == ["calls.append(3) is None"]


def test_a_failing_function_inside_of_a_test(run: Run, name: str) -> None:
    run(DOUBLE.format(name=name, options=""))
    with pytest.raises(TestsFailed) as caught:
        run(f"%%lambda {name} --test\ndef test_it():\n    {name}({{}})")
    told = "\n".join(caught.value._render_traceback_())
    assert "test_it" in told
    assert "KeyError: 'n'" in told
    assert 'return {"double": event["n"] * 2}' in told


def test_tests_that_cannot_run_say_why(run: Run, name: str) -> None:
    run(DOUBLE.format(name=name, options=""))
    with pytest.raises(TestsFailed) as caught:
        run(
            f"%%lambda {name} --test\n"
            "def test_given(value):\n    pass\n"
            "async def test_later():\n    pass"
        )
    said = [one.told for one in caught.value.outcomes]
    assert "takes arguments; there are no fixtures here" in said[0]
    assert "is async" in said[1]
    with pytest.raises(NotebookError, match="SyntaxError in line 3 of the cell"):
        run(f"%%lambda {name} --test\nx = 1\nassert (")
    with pytest.raises(UsageError, match="--memory into the cell of the function"):
        run(f"%%lambda {name} --test --memory 512\nassert 1")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("assert (1 == 2, 'text')", "line 2 of the cell: an assertion of a tuple is always true"),
        ("x = 1\nreturn x", "SyntaxError in line 3 of the cell: 'return' outside function"),
        ("x = (", "SyntaxError in line 2 of the cell"),
        ("class TestIt:\n    def test_a(self):\n        assert False", "TestIt in line 2"),
    ],
    ids=["tuple", "return", "syntax", "class"],
)
def test_a_cell_whose_tests_could_not_fail_is_refused(run: Run, source: str, told: str) -> None:
    with pytest.raises(NotebookError) as caught:
        run(f"%%lambda nobody --test\n{source}")
    assert told in str(caught.value)


def test_what_pytest_raises_is_a_failed_test_and_the_others_run(run: Run, name: str) -> None:
    run(DOUBLE.format(name=name, options=""))
    with pytest.raises(TestsFailed, match="1 of 2 tests") as caught:
        run(
            f"%%lambda {name} --test\nimport pytest\n\ndef test_refuses():\n"
            f"    with pytest.raises(ValueError):\n        {name}({{'n': 1}})\n\n"
            f"def test_doubles():\n    assert {name}({{'n': 1}}) == {{'double': 2}}"
        )
    assert "DID NOT RAISE" in caught.value.outcomes[0].told
    assert caught.value.outcomes[1].passed


def test_a_test_cell_that_calls_the_handler_is_told_how_to_call(run: Run, name: str) -> None:
    run(DOUBLE.format(name=name, options=""))
    with pytest.raises(TestsFailed) as failed:
        run(f"%%lambda {name} --test\nassert handler({{}}, None) == 1")
    (outcome,) = failed.value.outcomes
    assert outcome.told.endswith(f"(a test calls {name}(...), as other cells do)")
    assert "\n".join(failed.value._render_traceback_()).count("Cell In[") == 1


def test_a_line_runs_the_tests_by_hand(run: Run, name: str) -> None:
    with pytest.raises(UsageError, match=f"%%lambda {name} --test"):
        run(f"%lambda test {name}")
    run(DOUBLE.format(name=name, options=""))
    run(TESTS.format(name=name, handle=name, zero=0))
    assert "2 tests passed" in repr(run(f"%lambda test {name}"))
    run(DOUBLE.format(name=name, options=" --no-test").replace("* 2", "* 3"))
    with pytest.raises(TestsFailed, match="1 of 2 tests"):
        run(f"%lambda test {name}")


def test_a_throttle_is_no_error_of_the_function_but_can_be_expected(run: Run, name: str) -> None:
    options = " --reserved 0 --event {{}} => TooManyRequestsException {{}} => error"
    with pytest.raises(TestsFailed, match="1 of 2 tests") as caught:
        run(DOUBLE.format(name=name, options=options.replace("{{}}", "{}")))
    expected, failed = caught.value.outcomes
    assert expected.passed
    assert "TooManyRequestsException" in failed.told
    assert failed.told.endswith("expected error")
