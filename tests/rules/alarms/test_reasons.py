"""The texts of state changes, by records of notifications."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.alarms.evaluation import Criterion, decide
from lambda_nb.rules.alarms.reasons import Point, java, reason, reason_data, transitioned

AT = 1570035540  # 2019-10-02 16:59:00


def said(values: list[float | None], test: Criterion, explicit: bool = True) -> str:
    points = [Point(AT + 60 * i, value) for i, value in enumerate(values)]
    return reason(test, points, decide(values, test), explicit)


def above(threshold: float, periods: int, to_alarm: int, missing: str = "missing") -> Criterion:
    return Criterion("GreaterThanThreshold", threshold, periods, to_alarm, missing)


def test_recorded_texts() -> None:
    assert said([99.50160229693434], above(50.0, 1, 1)) == (
        "Threshold Crossed: 1 out of the last 1 datapoints [99.50160229693434 (02/10/19 16:59:00)] "
        "was greater than the threshold (50.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert said([0.0666851903306472], above(50.0, 1, 1)) == (
        "Threshold Crossed: 1 out of the last 1 datapoints [0.0666851903306472 (02/10/19 16:59:00)]"
        " was not greater than the threshold (50.0) (minimum 1 datapoint for ALARM -> OK "
        "transition)."
    )
    assert said([3.0], above(0.0, 1, 1), explicit=False) == (
        "Threshold Crossed: 1 datapoint [3.0 (02/10/19 16:59:00)] was greater than the threshold "
        "(0.0)."
    )
    assert said([None], above(0.0, 1, 1, "notBreaching")) == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
        "treated as [NonBreaching]."
    )
    assert said([None, None], above(0.0, 2, 2, "breaching")) == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints "
        "were treated as [Breaching]."
    )
    assert said([None], above(0.0, 1, 1)) == "Insufficient Data: 1 datapoint was unknown."
    assert said([None] * 3, above(0.0, 3, 3)) == "Insufficient Data: 3 datapoints were unknown."


def test_several_datapoints() -> None:
    assert said([1.0, 9.0, 8.0], above(5.0, 3, 2)) == (
        "Threshold Crossed: 2 out of the last 3 datapoints [9.0 (02/10/19 17:00:00), 8.0 (02/10/19 "
        "17:01:00)] were greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM "
        "transition)."
    )
    text = said([None, 9.0], above(5.0, 2, 2, "breaching"))
    assert "and 1 missing datapoint was treated as [Breaching] (minimum 2" in text


def test_the_data_of_a_reason() -> None:
    test, points = above(5.0, 2, 1), [Point(AT, 1.0, 3.0), Point(AT + 60, 7.0, 1.0)]
    decision = decide([1.0, 7.0], test)
    now = (AT + 130) * 1000 + 7
    text = reason_data(test, points, decision, now, {"statistic": "Sum", "period": 60})
    assert json.loads(text) == {
        "version": "1.0",
        "queryDate": "2019-10-02T17:01:10.007+0000",
        "startDate": "2019-10-02T16:59:00.000+0000",
        "statistic": "Sum",
        "period": 60,
        "recentDatapoints": [1.0, 7.0],
        "threshold": 5.0,
        "evaluatedDatapoints": [
            {"timestamp": "2019-10-02T17:00:00.000+0000", "sampleCount": 1.0, "value": 7.0},
            {"timestamp": "2019-10-02T16:59:00.000+0000", "sampleCount": 3.0, "value": 1.0},
        ],
    }
    unknown = reason_data(test, [Point(AT, None)] * 2, decide([None, None], test), now, {})
    assert json.loads(unknown)["recentDatapoints"] == []
    assert "startDate" not in json.loads(unknown)


def test_composite_reason() -> None:
    assert transitioned("arn:x", "ALARM", 1658505465394) == (
        "arn:x transitioned to ALARM at Friday 22 July, 2022 15:57:45 UTC"
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0.0"), (0.0001, "1.0E-4"), (0.001, "0.001"), (1e7, "1.0E7"),
     (123456789.5, "1.234567895E8"), (-2.5e-5, "-2.5E-5"), (9999999.0, "9999999.0")],
)  # fmt: skip
def test_numbers_as_java_writes_them(number: float, text: str) -> None:
    assert java(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_digit_is_lost(number: float) -> None:
    assert float(java(number)) == number
