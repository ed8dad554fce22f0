"""Text on the wire."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.wire_text import (
    HEADER_NAME,
    NOT_IN_QUERY,
    NOT_IN_VALUES,
    percent_encoded,
)


@given(st.text().filter(lambda text: "%" not in text))
def test_an_encoded_path_has_no_end_and_loses_nothing(text: str) -> None:
    path = percent_encoded(text)
    assert not set(path) & set(" ?#\r\n\x7f")
    assert path.isascii()
    assert unquote_to_bytes(path) == text.encode("utf-8", "replace")
    assert percent_encoded(path) == path


@pytest.mark.parametrize("bad", ["\r", "\n", "\x00", "\x7f"])
def test_no_value_or_query_ends_its_line(bad: str) -> None:
    assert NOT_IN_VALUES.search(f"a{bad}b")
    assert NOT_IN_QUERY.search(f"a{bad}b")


def test_a_value_may_have_tabs_and_a_query_may_not() -> None:
    assert NOT_IN_VALUES.search("a\tb") is None
    assert NOT_IN_QUERY.search("a\tb")


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "\u00e9", "a\n"])
def test_what_is_no_name_of_a_header(name: str) -> None:
    assert HEADER_NAME.fullmatch(name) is None
