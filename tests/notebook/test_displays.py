"""Errors, reports and displays without an engine."""

from __future__ import annotations

import json
import re

import pytest

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.connect import _keys
from lambda_nb.notebook.errors import FunctionError, UsageError
from lambda_nb.notebook.functions import code_origin, log_tail, monitoring
from lambda_nb.notebook.functions.result import Result

CELL = code_origin.Origin(
    "Cell In[7]", "%%lambda f\nimport os\ndef handler(e, c):\n    return e['x']\n", "f.py"
)
REPORT = (
    "REPORT RequestId: 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed\tDuration: 46.84 ms\t"
    "Billed Duration: 160 ms\tMemory Size: 192 MB\tMax Memory Used: 72 MB\t"
    "Init Duration: 112.30 ms\t\n"
)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[\d+m", "", text)


def test_a_frame_in_the_cell_shows_its_lines() -> None:
    stack = ["  File \"/var/task/f.py\", line 4, in handler\n    return e['x']\n"]
    (frame,) = code_origin.frames(stack, CELL)
    assert plain(frame).splitlines() == [
        "Cell In[7], line 4, in handler",
        "      2 import os",
        "      3 def handler(e, c):",
        "----> 4     return e['x']",
    ]


@pytest.mark.parametrize(
    ("file", "stack", "place"),
    [
        ("f.mjs", "    at Runtime.handler (file:///var/task/f.mjs:3:11)", "in Runtime.handler"),
        ("f.rb", "/var/task/f.rb:3:in `handler'", "in handler"),
        ("F.java", "F.handleRequest(F.java:3)", "in F.handleRequest"),
    ],
)
def test_frames_of_other_languages(file: str, stack: str, place: str) -> None:
    cell = code_origin.Origin("Cell In[2]", "%%lambda f\none\ntwo\n", file)
    (frame,) = code_origin.frames([stack], cell)
    assert plain(frame).splitlines()[0] == f"Cell In[2], line 3, {place}"


def test_frames_elsewhere_name_their_file() -> None:
    stack = ['  File "/opt/python/pkg.py", line 9, in run\n    boom()\n']
    assert [plain(frame) for frame in code_origin.frames(stack, CELL)] == [
        "/opt/python/pkg.py, line 9, in run\n        boom()"
    ]


def test_an_error_of_a_function_is_a_few_lines() -> None:
    error = FunctionError("f", "KeyError", "'x'", ["here"])
    assert [plain(line) for line in error._render_traceback_()] == [
        "FunctionError in f",
        "here",
        "KeyError: 'x'",
    ]


def test_reads_the_report_of_both_log_formats() -> None:
    told = log_tail.read(f"START RequestId: x\nhello\n{REPORT}")
    assert told is not None
    assert (told.duration_ms, told.billed_ms, told.init_ms) == (46.84, 160, 112.30)
    record = {
        "time": "2026-01-02T03:04:05.678Z",
        "type": "platform.report",
        "record": told.record(),
    }
    again = log_tail.read(json.dumps(record))
    assert again is not None
    assert again.billed_ms == 160
    assert log_tail.read("REPORT of my own\n") is None


def test_tells_the_function_s_words_from_lambda_s() -> None:
    assert log_tail.written(f"START RequestId: x Version: $LATEST\nhello\n{REPORT}") == "hello"


def test_a_result_says_what_it_cost() -> None:
    result = Result("f", "$LATEST", "id", {"a": 1}, "success", "warm", 0.1, 0.1, None, 1024, 50)
    # 0.1 GB-s at $0.0000166667 and one request at $0.0000002
    assert result.cost == pytest.approx(0.1 * 0.0000166667 + 0.2e-6)
    assert "100 ms" in repr(result)
    assert result.result() == {"a": 1}


def test_displays_escape_what_functions_return() -> None:
    result = Result("f", "$LATEST", "id", "<script>alert(1)</script>", "success")
    assert "<script>" not in result._repr_html_()


def test_displays_take_every_colour_from_the_theme() -> None:
    assert "var(--jp-ui-font-color1" in display.STYLE
    assert "background:#" not in display.STYLE


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15min", 900), ("2h", 7200), ("1.5d", 129_600)]
)
def test_spans_of_time(text: str, seconds: float) -> None:
    assert monitoring.ago(text).total_seconds() == seconds


def test_a_span_that_makes_no_sense_is_told() -> None:
    with pytest.raises(UsageError, match="'yesterday' is no span of time"):
        monitoring.ago("yesterday")


def test_aws_keys_are_not_used_where_nobody_named_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert _keys("http://127.0.0.1:9", None, None)["aws_access_key_id"] == "test"


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0.00"), (2.33e-7, "$0.000000233"), (0.0195, "$0.0195"), (1234.5, "$1,234.50")],
)
def test_dollars_are_written_out(amount: float, text: str) -> None:
    assert display.dollars(amount) == text


@pytest.mark.parametrize(
    ("number", "word", "text"),
    [
        (0, "request", "0 requests"),
        (1, "request", "1 request"),
        (2500, "invocation", "2,500 invocations"),
        (2, "alias", "2 aliases"),
    ],
)
def test_counts_agree_with_their_word(number: int, word: str, text: str) -> None:
    assert display.count(number, word) == text
