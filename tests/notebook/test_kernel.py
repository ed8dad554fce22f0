"""A real Jupyter kernel: its own engine, its end, and notebooks that stop at a failure."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from engine_fixtures import lives
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

pytestmark = pytest.mark.slow

FUNCTION = "%%lambda half\ndef handler(event, context):\n    return event['n'] / 2"
ENGINE = re.compile(r"process (\d+)")


def execute(tmp_path: Path, *cells: str, **options: Any) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}, **options
    )
    client.execute(env=dict(os.environ))
    return notebook


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while lives(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_the_engine_starts_by_itself_and_ends_with_the_kernel(tmp_path: Path) -> None:
    notebook = execute(
        tmp_path, "%load_ext lambda_nb", FUNCTION, "half({'n': 3})", "%lambda status"
    )
    assert notebook.cells[2].outputs[0]["data"]["text/plain"] == "1.5"
    status = notebook.cells[3].outputs[0]["data"]["text/plain"]
    assert "this notebook's own engine" in status
    found = ENGINE.search(status)
    assert found is not None
    assert gone(int(found[1]))


def test_a_failing_function_stops_the_notebook_at_the_line_of_its_cell(tmp_path: Path) -> None:
    cells = ["%load_ext lambda_nb", FUNCTION, "half({})", "print('never')"]
    with pytest.raises(CellExecutionError) as caught:
        execute(tmp_path, *cells)
    assert caught.value.ename == "FunctionError"
    assert "Cell In[2], line 3, in handler" in caught.value.traceback
    assert "KeyError" in caught.value.traceback
    assert "boto" not in caught.value.traceback


def test_displays_have_a_text_and_an_html_form(tmp_path: Path) -> None:
    notebook = execute(
        tmp_path,
        "%load_ext lambda_nb",
        FUNCTION,
        "half.invoke({'n': 3})",
        "half.map([{'n': n} for n in range(5)])",
        "half",
        "%lambda ls",
    )
    for cell in notebook.cells[1:]:
        shown = [o["data"] for o in cell.outputs if o.output_type == "execute_result"]
        assert shown, cell.source
        assert shown[-1]["text/plain"]
        assert "lnb" in shown[-1]["text/html"]
    assert notebook.cells[3].outputs[-1]["data"]["text/plain"].endswith("[0.0, 0.5, 1.0, 1.5, 2.0]")


SCRIPT = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
shell.run_line_magic("load_ext", "lambda_nb")
print(shell.run_line_magic("lambda", "status"), flush=True)
import time
time.sleep(60)
"""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    running = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True, env=environment
    )
    yield running
    running.kill()
    running.wait()
    assert running.stdout is not None
    running.stdout.close()


def test_the_engine_ends_with_a_kernel_that_is_killed(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    found = next(f for line in process.stdout if (f := ENGINE.search(line)))
    engine = int(found[1])
    assert psutil.pid_exists(engine)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert gone(engine)


def test_a_killed_engine_is_told_and_the_next_cell_starts_another(tmp_path: Path) -> None:
    kill = (
        "import os, re, signal, time\n"
        "pid = int(re.search(r'process (\\d+)', repr(get_ipython().run_line_magic('lambda', "
        "'status')))[1])\n"
        "os.kill(pid, signal.SIGKILL)\n"
        "time.sleep(0.5)"
    )
    notebook = execute(
        tmp_path,
        "%load_ext lambda_nb",
        FUNCTION,
        kill,
        "half({'n': 1})",
        FUNCTION,
        "half({'n': 1})",
        allow_errors=True,
    )
    assert "the engine ended (exit code -9)" in notebook.cells[3].outputs[0]["evalue"]
    assert notebook.cells[5].outputs[0]["data"]["text/plain"] == "0.5"
