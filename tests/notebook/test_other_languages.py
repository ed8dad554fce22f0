"""Completion in cells of other languages: the kernel offers words of the cell, not of Python."""

from __future__ import annotations

import atexit
from collections.abc import Iterator

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from lambda_nb.notebook.magics import extension
from lambda_nb.notebook.magics.editing.other_languages import is_other

JAVASCRIPT = (
    "%%lambda shout --runtime nodejs22.x\n"
    "const exported = 1;\n"
    "exports.handler = async (event) => ex\n"
    "isinst"
)


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.history_manager.enabled = False
    made.user_ns["exact_name_of_the_notebook"] = 1
    extension.load_ipython_extension(made)
    yield made
    extension.unload_ipython_extension(made)
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


def complete(shell: InteractiveShell, text: str, at: int) -> set[str]:
    with provisionalcompleter():
        return {found.text for found in shell.Completer.completions(text, at)}


def test_javascript_has_the_words_of_its_cell(shell: InteractiveShell) -> None:
    at = JAVASCRIPT.index("=> ex") + len("=> ex")
    assert complete(shell, JAVASCRIPT, at) == {"exported", "exports"}
    assert complete(shell, JAVASCRIPT, len(JAVASCRIPT)) == {"isinst"}


def test_its_first_line_has_the_options(shell: InteractiveShell) -> None:
    line = "%%lambda shout --runtime nodejs22.x --mem\nexports.handler = 1"
    assert "--memory" in complete(shell, line, line.index("--mem\n") + 5)


def test_python_has_its_own_names(shell: InteractiveShell) -> None:
    for first in ("%%lambda f", "%%lambda f --runtime python3.13", "# a cell"):
        text = f"{first}\nexact_name_of"
        assert "exact_name_of_the_notebook" in complete(shell, text, len(text))
        assert "isinstance" in complete(shell, f"{first}\nisinst", len(f"{first}\nisinst"))


@pytest.mark.parametrize(
    ("source", "other"),
    [
        ("%%lambda f --runtime ruby3.4\nx", True),
        ("  %%lambda f --runtime=java21\nx", True),
        ("%%cloudfront_function f\nx", True),
        ("%%lambda f --runtime python3.12\nx", False),
        ('%%lambda f --event \'{"runtime": "nodejs22.x"}\'\nx', False),
        ("%%lambda f --runtime\nx", False),
        ("%%lambda --help\nx", False),
        ("%lambda ls\nx", False),
        ("x = 1\n", False),
    ],
    ids=["ruby", "java", "cloudfront", "python", "event", "unfinished", "help", "line", "plain"],
)
def test_the_language_is_in_the_first_line(source: str, other: bool) -> None:
    assert is_other(source) is other


def test_nothing_stays_after_unloading() -> None:
    made = InteractiveShell()
    made.history_manager.enabled = False
    before = len(made.Completer.custom_matchers)
    extension.load_ipython_extension(made)
    assert len(made.Completer.custom_matchers) == before + 1
    extension.unload_ipython_extension(made)
    assert len(made.Completer.custom_matchers) == before
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()
