"""A shell that is connected to the session's engine, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell
from web_notebook import connected_shell

Run = Callable[[str], Any]


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    with connected_shell(engine) as made:
        yield made


@pytest.fixture
def run(shell: InteractiveShell) -> Run:
    """Run a cell; its value. Raises what the cell raises."""

    def value(cell: str) -> Any:
        result = shell.run_cell(cell, store_history=True)
        result.raise_error()
        return result.result

    return value
