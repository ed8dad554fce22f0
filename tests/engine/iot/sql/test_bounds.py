"""Messages that would stop the engine: huge numbers, endless searches, arrays without bounds."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from iot_sql_lab import value

from lambda_nb.engine.iot.sql import EvaluationError

TESTS = Path(__file__).parents[3]
CALLS = [
    "bitand(a, 1)", "ceil(a)", "floor(a)", "get(b, a)", "mod(a, 7)", "parse_time('yyyy', a)",
    "round(a)", "substring(b, a)", "trunc(a, 2)",
]  # fmt: skip


def test_a_number_that_is_larger_than_any_of_sql_is_none() -> None:
    """In a process of its own: if they were calculated, nothing could end that for minutes."""
    code = (
        "from iot_sql_lab import UNDEFINED, value\n"
        'payload = b\'{"a": 1.5e999999999, "b": "text"}\'\n'
        f"print([value(call, payload) is UNDEFINED for call in {CALLS!r}])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=TESTS
    )
    assert (told.stdout, told.stderr) == (f"{[True] * len(CALLS)}\n", "")


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "call",
    [
        "regexp_matches(a, '(a+)+$')",
        "regexp_replace(a, '(a|aa)+$', '')",
        "regexp_substr(a, '(a*)*b')",
    ],
)
def test_a_search_without_end_is_ended(call: str) -> None:
    hostile = {"a": "a" * 60 + "!"}
    with pytest.raises(EvaluationError, match=r"was searched for longer than 0\.1 s"):
        value(call, hostile)
    assert value("regexp_matches(a, 'a!$')", hostile) is True


def test_searches_in_other_threads() -> None:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(value("regexp_matches('ab', 'b')")))
    thread.start()
    thread.join()
    assert found == [True]


def test_an_enriched_array_is_measured_before_it_is_made() -> None:
    payload = {"members": {"k": "x" * 60_000}, "items": [{}] * 20_000}  # 1.2 GB
    with pytest.raises(EvaluationError, match="limited to 128 KiB"):
        value("transform('enrichArray', members, items)", payload)
