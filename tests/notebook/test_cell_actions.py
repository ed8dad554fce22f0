"""What the cells of a page ask the kernel for: options and marks, also while a cell runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import workbench_pages as pages

from lambda_nb.notebook.magics.editing.complete import long_options, parser_of

pytestmark = pytest.mark.slow
FUNCTION = "%%lambda half\ndef handler(event, context):\n    return event['n'] / 2"


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pages.Notebook]:
    place = tmp_path_factory.mktemp("work")
    with pages.kernel(place, "%load_ext lambda_nb", FUNCTION, "limit = 3") as made:
        yield made


def of(table: list[dict[str, Any]], magic: str, flag: str) -> dict[str, Any]:
    (found,) = [row for row in table if row["magic"] == magic and row["flag"] == flag]
    return found


def test_options_come_with_their_help_and_choices_while_a_cell_runs(
    notebook: pages.Notebook,
) -> None:
    page = notebook.page()
    cell = notebook.begin("import time\nwhile True:\n    time.sleep(0.05)")
    table = page.ask("options")
    assert of(table, "%%lambda", "--memory")["help"] == "128 to 10240 (default 128)"
    assert "1769" in of(table, "%%lambda", "--memory")["choices"]
    assert "half" in of(table, "%%lambda", "")["choices"]
    assert "half" in of(table, "%lambda", "logs")["choices"]
    assert of(table, "%lambda", "logs")["help"] == "what a function wrote"
    assert of(table, "%%lambda", "--env")["several"]
    assert of(table, "%%lambda", "--publish")["metavar"] == ""
    assert of(table, "%%cloudfront_function", "--on")["choices"] == [
        "viewer-request", "viewer-response",
    ]  # fmt: skip
    rows = {row["flag"] for row in table if row["magic"] == "%%lambda"}
    assert set(long_options(parser_of("%%lambda"))) <= rows

    marks = page.ask("check", source="%%lambda f\ndef handler(e, c):\n    return limit + lim")
    assert [mark["message"] for mark in marks] == [
        "limit is defined in this notebook, not in the function: define it in the cell, or send it "
        "with the event",
        "lim is not defined",
    ]
    assert marks[1] == {
        "line": 3, "column": 19, "end_column": 22, "severity": "warning",
        "message": "lim is not defined",
    }  # fmt: skip
    notebook.interrupt()
    notebook.end(cell)
    page.close()


def test_the_help_of_each_command_is_in_the_table(notebook: pages.Notebook) -> None:
    page = notebook.page()
    lacking = [
        row["flag"] for row in page.ask("options") if row["magic"] == "%lambda" and not row["help"]
    ]
    page.close()
    assert lacking == []


def test_sources_and_layers_that_are_there_are_offered(notebook: pages.Notebook) -> None:
    notebook.run(
        "half.clients.client('sqs').create_queue(QueueName='orders')\n"
        "half.clients.client('s3').create_bucket(Bucket='uploads')"
    )
    complete = (
        "get_ipython().Completer.complete(line_buffer='%%lambda half --on s', cursor_pos=20)[1]"
    )
    said = notebook.run(
        "import time\n"
        f"while 'sqs:orders' not in (found := {complete}):\n    time.sleep(0.1)\nprint(found)"
    )
    assert "s3:uploads" in said
