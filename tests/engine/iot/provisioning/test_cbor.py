"""CBOR, as devices use it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.iot.provisioning.cbor import decode, encode

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(values)
def test_what_is_encoded_is_decoded(value: Any) -> None:
    assert decode(encode(value)) == value


@given(st.binary(max_size=40))
def test_anything_is_decoded_or_refused(data: bytes) -> None:
    try:
        decode(data)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("00", 0),
        ("1818", 24),
        ("1903e8", 1000),
        ("3903e7", -1000),
        ("f93e00", 1.5),
        ("fa47c35000", 100000.0),
        ("4401020304", b"\x01\x02\x03\x04"),
        ("6449455446", "IETF"),
        ("83010203", [1, 2, 3]),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
        ("f6", None),
    ],
)
def test_examples_of_the_standard(data: str, value: Any) -> None:
    """RFC 8949, appendix A."""
    assert decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize("data", ["", "18", "5f42", "6261", "c11a514b67b0", "0000", "81" * 40])
def test_what_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match=r"payload|CBOR"):
        decode(bytes.fromhex(data))
