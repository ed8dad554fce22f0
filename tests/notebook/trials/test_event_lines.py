"""``--event``: how events and expected results are written."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.magics.options import parse_cell
from lambda_nb.notebook.trials.event_line import EventLine, Expected, read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=4), JSON, max_size=3) | st.lists(JSON, max_size=3)


def lines(line: str, **namespace: Any) -> list[EventLine]:
    return read(parse_cell(line).event, namespace)


def one(text: str, **namespace: Any) -> EventLine:
    (found,) = lines(f"f --event {text}", **namespace)
    return found


@given(OBJECTS, JSON)
def test_any_json_with_and_without_quotes(event: Any, expected: Any) -> None:
    text = f"{json.dumps(event)} => {json.dumps(expected)}"
    assert one(shlex.quote(text)) == one(f"{text} --memory 256")
    found = one(text)
    assert found.event == event
    assert found.expected == Expected(expected)


def test_several_events_of_one_cell() -> None:
    found = lines("""f --event {"n": 1} '{"n": 2} => 4' {"n": 3} => 6 --memory 256 --event [1]""")
    assert [line.event for line in found] == [{"n": 1}, {"n": 2}, {"n": 3}, [1]]
    assert [line.expected for line in found] == [None, Expected(4), Expected(6), None]


def test_an_arrow_between_quoted_words_and_an_arrow_inside_of_text() -> None:
    assert one("""'{"n": 2}' => '{"double": 4}'""").expected == Expected({"double": 4})
    found = one("""'{"text": "a => b"} => "c => d"'""")
    assert found.event == {"text": "a => b"}
    assert found.expected == Expected("c => d")


def test_variables_expressions_samples_and_files(tmp_path: Path) -> None:
    assert one("order", order={"id": 7}).event == {"id": 7}
    assert one("\"{'n': len(names)} => len(names) * 2\"", names="ab").expected == Expected(4)
    assert one("s3").event["Records"][0]["eventSource"] == "aws:s3"
    assert one("s3", s3=object()).event["Records"]
    (tmp_path / "event.json").write_text('{"from": "file"}')
    assert one(f"@{tmp_path}/event.json").event == {"from": "file"}


def test_expected_errors() -> None:
    assert one("{} => KeyError").expected == Expected(error="KeyError")
    assert one("'{} => OutOfStock'").expected == Expected(error="OutOfStock")
    assert one("{} => error").expected == Expected(error="error")
    assert one("{}  =>  null").expected == Expected(None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("'{\"n\": 1'", "this is no event"),
        ("nobody", "name 'nobody' is not defined"),
        ("@nowhere.json", "cannot read it: No such file"),
        ("'{} =>'", "after => comes the value"),
        ("'{} => 1 +'", "this is no value"),
    ],
    ids=["cut", "unknown", "no-file", "nothing-expected", "no-value"],
)
def test_mistakes_are_told(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        one(text)


def test_a_file_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text("{")
    with pytest.raises(UsageError, match="the file is no JSON"):
        one(f"@{tmp_path}/event.json")
