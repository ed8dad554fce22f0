"""A file of key-value pairs says what a store has, or is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.neighbours.services.cloudfront.key_value_stores import contents

PAIRS = st.dictionaries(st.text(min_size=1, max_size=100), st.text(max_size=200), max_size=20)


@given(PAIRS)
def test_what_is_written_is_read(pairs: dict[str, str]) -> None:
    data = [{"key": key, "value": value} for key, value in pairs.items()]
    assert contents.read(json.dumps({"data": data}).encode()) == pairs


@given(PAIRS)
def test_a_size_is_that_of_the_bytes(pairs: dict[str, str]) -> None:
    texts = [*pairs, *pairs.values()]
    assert contents.size(pairs) == len("".join(texts).encode())


def test_a_store_has_five_megabytes() -> None:
    most = {f"{n:04}": "v" * 1020 for n in range(5 * 1024)}
    contents.check_size(most)
    with pytest.raises(contents.LimitError, match="at most 5242880 bytes"):
        contents.check_size({**most, "one more": ""})
    with pytest.raises(contents.LimitError, match="at least one character"):
        contents.check("", "")
