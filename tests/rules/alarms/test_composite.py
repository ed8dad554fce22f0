"""Rule expressions of composite alarms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.alarms.composite import MOST_CHILDREN, parse
from lambda_nb.rules.alarms.evaluation import STATES

ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a b"
KNOWN = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", ARN: "ALARM"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("ALARM(a)", True),
        ("ALARM('b')", False),
        ('OK("b")', True),
        ("INSUFFICIENT_DATA(c)", True),
        ("INSUFFICIENT_DATA(gone)", True),
        (f'ALARM("{ARN}")', True),
        ("ALARM(a) AND ALARM(b)", False),
        ("ALARM(a) OR ALARM(b)", True),
        ("NOT ALARM(b)", True),
        ("NOT ALARM(b) AND ALARM(a)", True),
        ("ALARM(a) OR ALARM(b) AND ALARM(b)", True),
        ("(ALARM(a) OR ALARM(b)) AND ALARM(b)", False),
        ("TRUE AND NOT FALSE", True),
        ("\n ALARM( a )\tAND OK (b)\n", True),
    ],
)
def test_rules(text: str, holds: bool) -> None:
    assert parse(text).holds(KNOWN.get) is holds


@pytest.mark.parametrize(
    "text", ["", "a", "ALARM()", "ALARM(a", "ALARM(a) XOR OK(b)", "(ALARM(a)", "ALARM(a) OK(b)",
             "AND", "alarm(a)"]
)  # fmt: skip
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match="the rule"):
        parse(text)


def test_limits() -> None:
    names = [f"ALARM(n{i})" for i in range(MOST_CHILDREN + 1)]
    assert len(parse(" OR ".join(names[:-1])).alarms) == MOST_CHILDREN
    with pytest.raises(ValueError, match="more than 100 alarms"):
        parse(" OR ".join(names))


@st.composite
def rules(draw: st.DrawFn, depth: int = 3) -> tuple[str, bool]:
    """A rule, and whether it holds."""
    if depth == 0 or draw(st.booleans()):
        name, state = draw(st.sampled_from(sorted("abc"))), draw(st.sampled_from(STATES))
        return f"{state}({name})", KNOWN[name] == state
    kind = draw(st.sampled_from(("AND", "NOT", "OR")))
    left = draw(rules(depth - 1))
    if kind == "NOT":
        return f"NOT ({left[0]})", not left[1]
    right = draw(rules(depth - 1))
    holds = (left[1] and right[1]) if kind == "AND" else (left[1] or right[1])
    return f"({left[0]}) {kind} ({right[0]})", holds


@given(rules())
def test_any_rule(case: tuple[str, bool]) -> None:
    assert parse(case[0]).holds(KNOWN.get) is case[1]


@pytest.mark.parametrize("rule", ["(" * 5_000 + "TRUE" + ")" * 5_000, "NOT " * 5_000 + "TRUE"])
def test_a_rule_without_end_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r"nested too deeply|elements|long"):
        parse(rule)
