"""The lineage of a chain of invocations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events.lineage import extended

F = "arn:aws:lambda:us-east-1:000000000000:function:f"
G = "arn:aws:lambda:us-east-1:000000000000:function:g"


def test_each_function_is_counted_by_itself() -> None:
    header = "Root=1-6b045381-55bca8874a777c9e986e5208;Parent=edfd1ddc6eae13f6;Sampled=0"
    for before in range(20):
        header, f_before = extended(header, F)
        header, g_before = extended(header, G)
        assert (f_before, g_before) == (before, before)
    assert header.startswith("Root=1-6b045381-55bca8874a777c9e986e5208;Parent=")
    assert header.count("Lineage=") == 1


@given(st.text())
def test_any_header_is_borne(header: str) -> None:
    longer, before = extended(header, F)
    assert before >= 0
    assert extended(longer, F)[1] == before + 1
