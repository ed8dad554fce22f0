"""One shell for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from edge_notebook import EdgeNotebook
from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell
from web_notebook import connected_shell


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    with connected_shell(engine) as made:
        yield made


@pytest.fixture
def notebook(shell: InteractiveShell, engine: Engine) -> EdgeNotebook:
    return EdgeNotebook(shell, engine)
