"""The progress bar in a real kernel: what is in the notebook when the cell has ended."""

from __future__ import annotations

import nbclient
import nbformat
import pytest

pytestmark = pytest.mark.slow

CELL = """
import time
from lambda_nb.notebook.functions.many_invocations import progress_bar
bar = progress_bar("press <b>", 30, True)
for _ in range(30):
    time.sleep(0.02)
    bar.update()
bar.close()
"""


def test_the_bar_is_full_when_the_cell_has_ended() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    nbclient.NotebookClient(notebook, timeout=100, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert "30 of 30 in" in output.data["text/plain"]
    assert '<progress value="30" max="30"' in output.data["text/html"]
    assert "press &lt;b&gt;" in output.data["text/html"]
    assert "left" not in output.data["text/html"].split("30 of 30")[1]
    assert "widgets" not in notebook.metadata


def test_few_steps_need_no_bar() -> None:
    from lambda_nb.notebook.functions.many_invocations import progress_bar

    assert progress_bar("one", 1, True).disable
