"""Metric math, by the guide and by properties."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.alarms.math_functions import Grid, MathError, Series
from lambda_nb.rules.alarms.metric_math import parse

SERIES: dict[str, Series] = {
    "m1": (1.0, None, 3.0, 4.0),
    "m2": (10.0, 20.0, 0.0, 40.0),
    "e1": (5.0, 5.0, 5.0, 5.0),
}
GRID = Grid(dict(SERIES), ("m1", "m2"), 4, 60)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("m1", (1.0, None, 3.0, 4.0)),
        ("m1 + m2", (11.0, None, 3.0, 44.0)),
        ("m1 / m2", (0.1, None, None, 0.1)),
        ("-m1", (-1.0, None, -3.0, -4.0)),
        ("2 ^ 3 ^ 2", (512.0,) * 4),
        ("(m2 - 10) * 2", (0.0, 20.0, -20.0, 60.0)),
        ("100 * m1 / (m1 + m2)", (100 / 11, None, 100.0, 400 / 44)),
        ("SUM(METRICS())", (11.0, 20.0, 3.0, 44.0)),
        ("SUM(METRICS('m2'))", (10.0, 20.0, 0.0, 40.0)),
        ("AVG([m1, e1])", (3.0, 5.0, 4.0, 4.5)),
        ("MAX([m1, m2, e1])", (10.0, 20.0, 5.0, 40.0)),
        ("m1 - MIN(m1)", (0.0, None, 2.0, 3.0)),
        ("SUM(m1)", (8.0,) * 4),
        ("FILL(m1, 0)", (1.0, 0.0, 3.0, 4.0)),
        ("FILL(m1, REPEAT)", (1.0, 1.0, 3.0, 4.0)),
        ("FILL(m1, LINEAR)", (1.0, 2.0, 3.0, 4.0)),
        ("FILL(m1, m2)", (1.0, 20.0, 3.0, 4.0)),
        ("IF(m2 > 15, m2, 1)", (1.0, 20.0, 1.0, 40.0)),
        ("IF(m2 > 15 AND m2 < 30, m2)", (None, 20.0, None, None)),
        ("IF(m1 >= 3 || m2 == 10, 1, 0)", (1.0, None, 1.0, 1.0)),
        ("ABS(0 - m2)", (10.0, 20.0, 0.0, 40.0)),
        ("CEIL(m1 / 2)", (1.0, None, 2.0, 2.0)),
        ("DIFF(m2)", (None, 10.0, -20.0, 40.0)),
        ("RATE(m2)", (None, 10 / 60, -20 / 60, 40 / 60)),
        ("RUNNING_SUM(m1)", (1.0, None, 4.0, 8.0)),
        ("m1 * PERIOD(m1)", (60.0, None, 180.0, 240.0)),
        ("METRIC_COUNT(METRICS())", (2.0,) * 4),
        ("sum(metrics())", (11.0, 20.0, 3.0, 44.0)),
        ("LAST([m1, m2])", (10.0, 20.0, 0.0, 40.0)),
    ],
)
def test_expressions(text: str, values: Series) -> None:
    assert parse(text).series(GRID) == pytest.approx(values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends too early"),
        ("m1 +", "ends too early"),
        ("m1 m2", "cannot read 'm2'"),
        ("(m1", "ends too early"),
        ("SEARCH('x', 'Sum')", "the function SEARCH is not supported"),
        ("ANOMALY_DETECTION_BAND(m1, 2)", "ANOMALY_DETECTION_BAND is not supported"),
        ("SELECT AVG(x) FROM y", "cannot read"),
        ("ABS(m1, m2)", "ABS does not take 2 arguments"),
        ("IF(m1)", "IF does not take 1 arguments"),
    ],
)
def test_what_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(MathError, match=message):
        parse(text)


def test_what_cannot_be_worked_out() -> None:
    with pytest.raises(MathError, match="2 time series, not one"):
        parse("METRICS() * 2").series(GRID)
    with pytest.raises(MathError, match="no metric or expression with the id m9"):
        parse("m9").series(GRID)


def test_what_an_expression_needs() -> None:
    found = parse("IF(m1 > 2, e1 / 3, SUM(METRICS()))")
    assert found.ids == {"m1", "e1"}
    assert found.all_metrics


NUMBERS = st.none() | st.floats(-1e6, 1e6)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20)


@given(PAIRS)
def test_operators_are_pointwise(pairs: list[tuple[float | None, float | None]]) -> None:
    left, right = tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
    grid = Grid({"a": left, "b": right}, ("a", "b"), len(pairs), 60)
    total = parse("a + b").series(grid)
    assert total == tuple(None if a is None or b is None else a + b for a, b in pairs)
    summed = parse("SUM([a, b])").series(grid)
    for (a, b), value in zip(pairs, summed, strict=True):
        known = [one for one in (a, b) if one is not None]
        assert value == (math.fsum(known) if known else None)
    filled = parse("FILL(a, 0)").series(grid)
    assert None not in filled


@pytest.mark.parametrize("text", ["(" * 5_000 + "m1" + ")" * 5_000, "-" * 5_000 + "m1"])
def test_an_expression_without_end_is_refused(text: str) -> None:
    with pytest.raises(MathError, match="nested too deeply"):
        parse(text)
