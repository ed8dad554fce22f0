"""Checks requests for alarms as CloudWatch does, and refuses what is not carried out here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.neighbours.services.cloudwatch import statistics
from lambda_nb.engine.neighbours.services.cloudwatch.alarms import alarm as alarms
from lambda_nb.rules.alarms import composite, metric_math
from lambda_nb.rules.alarms.evaluation import COMPARISONS, SECONDS_UNDER_A_MINUTE, TREATMENTS
from lambda_nb.rules.alarms.math_functions import MathError
from lambda_nb.rules.refusal import validation_text
from lambda_nb.rules.settings import constraints

LONGEST_S, LONGEST_OF_HOURS_S = 86_400, 604_800
"""Evaluation periods times period: a day; with periods of an hour or more, a week (API reference,
``PutMetricAlarm``)."""
_HOUR_S = 3600
_ARN = re.compile(r"arn:aws[\w-]*:[^:]+:[^:]*:[^:]*:.+")
_CARRIED_OUT = ("lambda", "sns")
_NOT_HERE = (
    "EvaluationWindow", "WarmUpConfiguration", "EvaluationCriteria", "EvaluationInterval",
    "ActionConfiguration",
)  # fmt: skip


def refused(message: str, code: str = "ValidationError") -> Exception:
    """The exception that moto answers with an error."""
    from moto.cloudwatch.exceptions import CloudWatchException

    error: Exception = CloudWatchException(message)
    error.code = code  # type: ignore[attr-defined]
    return error


def check_by_model(operation: str, asked: Mapping[str, Any]) -> None:
    """Check lengths, ranges and enumerations by the service model."""
    shape = service_model.operation(operation, "cloudwatch").input_shape
    if shape is None:
        return
    missing = [
        f"Value null at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: "
        "Member must not be null"
        for name in shape.required_members
        if asked.get(name) is None
    ]
    problems = missing + constraints.problems(shape, asked)
    if problems:
        raise refused(validation_text(problems))


def check_metric_alarm(asked: Mapping[str, Any]) -> None:
    """Check a request of PutMetricAlarm."""
    check_by_model("PutMetricAlarm", asked)
    _check_not_here(asked)
    _check_actions(asked)
    if asked.get("ThresholdMetricId") or (
        asked.get("ComparisonOperator") and asked["ComparisonOperator"] not in COMPARISONS
    ):
        raise refused("lambda_nb does not evaluate alarms on anomaly detection bands.")
    for name in ("ComparisonOperator", "EvaluationPeriods", "Threshold"):
        if asked.get(name) is None:
            raise refused(f"{name} must be set for a metric alarm.")
    if asked.get("Metrics"):
        _check_metrics(asked)
    else:
        _check_metric(asked)
    _check_range(asked)


def check_composite_alarm(asked: Mapping[str, Any], known: Callable[[str], bool]) -> None:
    """Check a request of PutCompositeAlarm; ``known`` says whether an alarm exists."""
    check_by_model("PutCompositeAlarm", asked)
    _check_not_here(asked)
    _check_actions(asked)
    try:
        rule = composite.parse(asked["AlarmRule"])
    except ValueError as error:
        raise refused(f"Alarm rule is not valid: {error}") from None
    absent = [name for name in rule.alarms if not known(name)]
    if absent:
        raise refused(
            f"Could not save the composite alarm as alarms [{', '.join(absent)}] in the alarm rule "
            "do not exist"
        )
    suppressor = asked.get("ActionsSuppressor")
    periods = [asked.get(f"ActionsSuppressor{name}Period") for name in ("Wait", "Extension")]
    if suppressor and not known(suppressor):
        raise refused(f"Could not save the composite alarm as alarm {suppressor} does not exist")
    if (suppressor is None) is not (None in periods) or (not suppressor and any(periods)):
        raise refused(
            "ActionsSuppressor, ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod "
            "must be set together."
        )


def _check_not_here(asked: Mapping[str, Any]) -> None:
    for name in _NOT_HERE:
        if asked.get(name):
            raise refused(f"lambda_nb does not evaluate alarms with {name}.")


def _check_actions(asked: Mapping[str, Any]) -> None:
    for name in alarms.ACTIONS.values():
        for arn in asked.get(name) or ():
            if not _ARN.fullmatch(arn):
                raise refused(f"Invalid arn syntax: {arn}")
            service = arn.split(":")[2]
            if service not in _CARRIED_OUT:
                raise refused(
                    f"lambda_nb carries out alarm actions of Lambda and SNS only, not {arn}"
                )


def _check_metric(asked: Mapping[str, Any]) -> None:
    for name in ("MetricName", "Namespace", "Period"):
        if not asked.get(name):
            raise refused(f"{name} must be set, or Metrics.")
    simple, extended = asked.get("Statistic"), asked.get("ExtendedStatistic")
    if bool(simple) is bool(extended):
        raise refused("Exactly one of Statistic and ExtendedStatistic must be set.")
    if extended and not statistics.is_statistic(extended):
        raise refused(
            f"The value {extended} for parameter ExtendedStatistic is not supported.",
            "InvalidParameterValue",
        )
    _check_period(asked["Period"])


def _check_period(period: int) -> None:
    if period % 60 and period not in SECONDS_UNDER_A_MINUTE:
        raise refused("Period must be 10, 20, 30 or a multiple of 60.")


def _check_metrics(asked: Mapping[str, Any]) -> None:
    for name in ("MetricName", "Namespace", "Period", "Statistic", "ExtendedStatistic", "Unit"):
        if asked.get(name):
            raise refused(f"{name} must not be set together with Metrics.")
    if asked.get("Dimensions"):
        raise refused("Dimensions must not be set together with Metrics.")
    queries = asked["Metrics"]
    identifiers = [query["Id"] for query in queries]
    if len(set(identifiers)) < len(identifiers):
        raise refused("The ids of Metrics must be unique.")
    if sum(query.get("ReturnData", True) is not False for query in queries) != 1:
        raise refused("Exactly one element of the metrics list should return data.")
    periods = {period for query in queries for period in _periods(query)}
    if len(periods) > 1:
        raise refused("All metrics of an alarm must have the same Period.")
    for period in periods:
        _check_period(period)
    names = set(identifiers)
    for query in queries:
        if ("MetricStat" in query) is bool(query.get("Expression")):
            raise refused(f"{query['Id']} must have either MetricStat or Expression.")
        _check_expression(query, names)


def _periods(query: Mapping[str, Any]) -> Iterator[int]:
    if "MetricStat" in query:
        stat = query["MetricStat"]
        if not statistics.is_statistic(stat["Stat"]):
            raise refused(f"The value {stat['Stat']} for parameter Stat is not supported.")
        yield int(stat["Period"])
    if query.get("Period"):
        yield int(query["Period"])


def _check_expression(query: Mapping[str, Any], names: set[str]) -> None:
    text = query.get("Expression")
    if not text:
        return
    try:
        expression = metric_math.parse(text)
    except MathError as error:
        raise refused(f"Error in expression '{query['Id']}': {error}") from None
    unknown = sorted(expression.ids - names)
    if unknown:
        raise refused(f"Error in expression '{query['Id']}': unknown ids {', '.join(unknown)}")


def _check_range(asked: Mapping[str, Any]) -> None:
    periods, period = int(asked["EvaluationPeriods"]), alarms.period_of(asked)
    if int(asked.get("DatapointsToAlarm") or 1) > periods:
        raise refused("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    if periods * period > (LONGEST_OF_HOURS_S if period >= _HOUR_S else LONGEST_S):
        raise refused(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be "
            f"<= {LONGEST_S})."
            if period < _HOUR_S
            else "Metrics cannot be checked across more than a week (EvaluationPeriods * Period "
            f"must be <= {LONGEST_OF_HOURS_S})."
        )
    missing = asked.get("TreatMissingData")
    if missing and missing not in TREATMENTS:
        raise refused(
            f"Option {missing} is not supported. Supported options for parameter TreatMissingData "
            "are breaching, notBreaching, ignore and missing."
        )
    low = asked.get("EvaluateLowSampleCountPercentile")
    if low and low not in ("evaluate", "ignore"):
        raise refused(
            f"Option {low} is not supported. Supported options for parameter "
            "EvaluateLowSampleCountPercentile are evaluate and ignore."
        )
