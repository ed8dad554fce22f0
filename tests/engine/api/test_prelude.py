"""Preludes of streamed responses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.wire.prelude import END, BadPrelude, Prelude

SAID = {"statusCode": 201, "headers": {"a": "b"}}


@given(st.lists(st.integers(1, 60), max_size=20), st.binary(max_size=20))
def test_it_may_come_in_any_pieces(sizes: list[int], body: bytes) -> None:
    stream = json.dumps(SAID).encode() + END + body
    prelude, taken = Prelude(), None
    for size in [*sizes, len(stream)]:
        piece, stream = stream[:size], stream[size:]
        taken = prelude.take(piece)
        if taken is not None:
            break
    assert taken is not None
    said, rest = taken
    assert (said, rest + stream) == (SAID, body)


@pytest.mark.parametrize("text", [b"", b"no JSON", b"[1]", b"[" * 100_000], ids=len)
def test_what_is_none(text: bytes) -> None:
    with pytest.raises(BadPrelude):
        Prelude().take(text + END)


def test_it_must_not_be_too_long() -> None:
    text = json.dumps(SAID).encode()
    assert Prelude(len(text)).take(text + END + b"a" * 99) == (SAID, b"a" * 99)
    prelude = Prelude(len(text) - 1)
    assert prelude.take(text[:-1]) is None
    with pytest.raises(BadPrelude, match="first"):
        prelude.take(text[-1:] + END)
