"""Patterns with stars."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.viewer import wildcards

LETTERS = st.text("ab*?", max_size=8)


@given(LETTERS, st.text("ab", max_size=8))
def test_it_is_what_a_regular_expression_says(pattern: str, text: str) -> None:
    expression = pattern.replace("?", ".").replace("*", ".*")
    assert wildcards.matches(pattern, text) == bool(re.fullmatch(expression, text))


def test_a_question_mark_can_be_itself() -> None:
    assert not wildcards.matches("a?c", "abc", one="")
    assert wildcards.matches("a?c", "a?c", one="")


def test_a_pattern_of_many_stars_takes_no_exponential_time() -> None:
    assert not wildcards.matches("a*" * 60 + "c", "a" * 2000 + "b")
