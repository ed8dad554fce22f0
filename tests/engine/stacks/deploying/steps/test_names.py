"""Made-up names are stable, unique and never too long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.stacks.deploying.steps.names import made_up

names = st.from_regex(r"\A[A-Za-z][A-Za-z0-9-]{0,127}\Z")
ids = st.from_regex(r"\A[A-Za-z0-9]{1,255}\Z")


@given(names, ids, st.uuids(), st.integers(20, 255), st.booleans())
def test_names_fit(stack: str, logical_id: str, token: object, most: int, lower: bool) -> None:
    name = made_up(stack, logical_id, str(token), most, lower=lower)
    assert len(name) <= most
    assert name == made_up(stack, logical_id, str(token), most, lower=lower)
    assert not lower or name == name.lower()
    assert name[-12:].isalnum()


@given(names, ids, st.uuids(), st.uuids())
def test_each_step_has_its_own(stack: str, logical_id: str, one: object, other: object) -> None:
    same = one == other
    assert (made_up(stack, logical_id, str(one)) == made_up(stack, logical_id, str(other))) == same


def test_short_parts_are_whole() -> None:
    assert made_up("shop", "Orders", "t", 64, separator="_").startswith("shop_Orders_")


@given(names, ids, st.uuids(), st.integers(25, 255))
def test_names_of_other_forms(stack: str, logical_id: str, token: object, most: int) -> None:
    fifo = made_up(stack, logical_id, str(token), most, lower=True, suffix=".fifo")
    assert fifo.endswith(".fifo")
    assert len(fifo) <= most
    assert "-" not in made_up(stack, logical_id, str(token), most, separator="_")
    assert made_up(stack, logical_id, str(token), most, separator="").isalnum()
