"""CloudWatch's operations on alarms."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.alarms import alarm as alarms
from lambda_nb.engine.neighbours.services.cloudwatch.alarms import history, requests, states
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.actions import Actions
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.evaluating import Verdict
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.states import States
from lambda_nb.rules.alarms.evaluation import INSUFFICIENT_DATA, STATES
from lambda_nb.rules.alarms.reasons import INITIAL

_PAGE = 50
"""Records on a page where the caller names no number (API reference, ``DescribeAlarms``)."""


class Operations:
    """Answers the API; moto's backend of a Region is the first argument of each operation.

    Parameters
    ----------
    alarm_states
        Changes states.
    actions
        Tells EventBridge about configurations.
    """

    def __init__(self, alarm_states: States, actions: Actions) -> None:
        self._states = alarm_states
        self._actions = actions

    def put_metric_alarm(self, backend: Any, asked: dict[str, Any]) -> None:
        """PutMetricAlarm."""
        requests.check_metric_alarm(asked)
        with self._states.lock:
            self._put(backend, asked)

    def put_composite_alarm(self, backend: Any, asked: dict[str, Any]) -> None:
        """PutCompositeAlarm."""
        requests.check_composite_alarm(asked, lambda name: states.find(backend, name) is not None)
        with self._states.lock:
            new = asked["AlarmName"] not in backend.alarms
            alarm = self._put(backend, asked)
            how = "created" if new else "updated"
            self._states.look(backend, alarm, states.children(backend, alarm), how=how)

    def _put(self, backend: Any, asked: dict[str, Any]) -> Any:
        name = asked["AlarmName"]
        before = backend.alarms.get(name)
        if before is not None and alarms.is_composite(before) is not ("AlarmRule" in asked):
            raise requests.refused("An alarm of another type has this name.")
        configuration = None if before is None else alarms.whole_configuration(before)
        tags = asked.pop("Tags", None)
        alarm = backend.put_metric_alarm(**_for_moto(asked), tags=None if before else tags)
        alarm.requested = asked
        if before is None:
            alarm.state_value, alarm.state_reason = INSUFFICIENT_DATA, INITIAL
            alarm.state_reason_data = ""
            alarm.state_transitioned_timestamp = alarm.state_updated_timestamp
        else:
            for kept in (
                "state_value", "state_reason", "state_reason_data", "state_updated_timestamp",
                "state_transitioned_timestamp", "suppressed_by", "suppressed_until",
                "suppressed_from",
            ):  # fmt: skip
                if kept in before.__dict__:
                    setattr(alarm, kept, getattr(before, kept))
        how = "create" if before is None else "update"
        history.configuration_update(backend, alarm, how, configuration)
        self._actions.tell_configuration(backend, alarm, how, configuration)
        return alarm

    def describe_alarms(self, backend: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeAlarms."""
        kinds = asked.get("AlarmTypes") or ["MetricAlarm"]
        found = [a for a in _chosen(backend, asked) if alarms.kind(a) in kinds]
        shown, token = _page(found, asked)
        return {
            "MetricAlarms": [alarms.described(a) for a in shown if not alarms.is_composite(a)],
            "CompositeAlarms": [alarms.described(a) for a in shown if alarms.is_composite(a)],
            "NextToken": token,
        }

    def describe_alarms_for_metric(self, backend: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeAlarmsForMetric."""
        found = [alarm for alarm in backend.alarms.values() if _is_for(alarm, asked)]
        return {"MetricAlarms": [alarms.described(alarm) for alarm in found]}

    def describe_alarm_history(self, backend: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeAlarmHistory."""
        items, token = _page(list(history.items(backend, asked)), asked, 100)
        return {"AlarmHistoryItems": items, "NextToken": token}

    def delete_alarms(self, backend: Any, asked: Mapping[str, Any]) -> None:
        """DeleteAlarms."""
        names = asked.get("AlarmNames") or []
        with self._states.lock:
            composites = [n for n in names if alarms.is_composite(_get(backend, n))]
            if composites and len(names) > 1:
                raise requests.refused("Only one composite alarm can be deleted in an operation.")
            for name in names:
                alarm = _get(backend, name)
                history.configuration_update(backend, alarm, "delete")
                self._actions.tell_configuration(backend, alarm, "delete")
            backend.delete_alarms(names)

    def set_alarm_state(self, backend: Any, asked: Mapping[str, Any]) -> None:
        """SetAlarmState: actions follow, as after an evaluation."""
        requests.check_by_model("SetAlarmState", asked)
        data = asked.get("StateReasonData") or ""
        if data and not _is_json(data):
            raise requests.refused("StateReasonData is not valid JSON.", "InvalidFormat")
        alarm = _get(backend, asked["AlarmName"])
        if asked["StateValue"] not in STATES:
            raise requests.refused(f"{asked['StateValue']} is no state.")
        with self._states.lock:
            verdict = Verdict(asked["StateValue"], asked["StateReason"], data)
            if alarm.state_value == verdict.state:
                alarm.state_reason, alarm.state_reason_data = verdict.reason, data
                alarm.state_updated_timestamp = alarms.now()
            else:
                self._states.set(backend, alarm, verdict)

    def enable_alarm_actions(self, backend: Any, asked: Mapping[str, Any]) -> None:
        """EnableAlarmActions."""
        self._enable(backend, asked, True)

    def disable_alarm_actions(self, backend: Any, asked: Mapping[str, Any]) -> None:
        """DisableAlarmActions."""
        self._enable(backend, asked, False)

    def _enable(self, backend: Any, asked: Mapping[str, Any], enabled: bool) -> None:
        with self._states.lock:
            for name in asked.get("AlarmNames") or ():
                alarm = states.find(backend, name)
                if alarm is None or alarm.actions_enabled is enabled:
                    continue
                before = alarms.whole_configuration(alarm)
                alarms.requested(alarm)["ActionsEnabled"] = enabled
                alarm.actions_enabled = enabled
                history.configuration_update(backend, alarm, "update", before)
                self._actions.tell_configuration(backend, alarm, "update", before)


def _get(backend: Any, name: str) -> Any:
    found = states.find(backend, name)
    if found is None:
        raise requests.refused("Unknown", "ResourceNotFound")
    return found


def _chosen(backend: Any, asked: Mapping[str, Any]) -> Iterator[Any]:
    names, prefix = asked.get("AlarmNames"), asked.get("AlarmNamePrefix")
    every: Iterable[Any] = list(backend.alarms.values())
    if asked.get("ChildrenOfAlarmName"):
        every = states.children(backend, _get(backend, asked["ChildrenOfAlarmName"]))
    elif asked.get("ParentsOfAlarmName"):
        every = states.parents(backend, _get(backend, asked["ParentsOfAlarmName"]))
    for alarm in every:
        actions = [
            arn
            for name in alarms.ACTIONS.values()
            for arn in alarms.requested(alarm).get(name) or ()
        ]
        if (
            (not names or alarm.name in names)
            and (not prefix or alarm.name.startswith(prefix))
            and asked.get("StateValue") in (None, alarm.state_value)
            and (
                not asked.get("ActionPrefix")
                or any(arn.startswith(asked["ActionPrefix"]) for arn in actions)
            )
        ):
            yield alarm


def _is_for(alarm: Any, asked: Mapping[str, Any]) -> bool:
    told = alarms.requested(alarm)
    stats = [q["MetricStat"] for q in told.get("Metrics") or () if "MetricStat" in q]
    metrics = [stat["Metric"] for stat in stats] or [told]
    same = [_metric(metric) == _metric(asked) for metric in metrics]
    return any(same) and all(
        told.get(name) == asked[name]
        for name in ("Statistic", "ExtendedStatistic", "Period", "Unit")
        if asked.get(name)
    )


def _metric(told: Mapping[str, Any]) -> tuple[Any, ...]:
    dimensions = sorted((d["Name"], d["Value"]) for d in told.get("Dimensions") or ())
    return told.get("Namespace"), told.get("MetricName"), dimensions


def _page(
    found: Sequence[Any], asked: Mapping[str, Any], most: int = _PAGE
) -> tuple[Sequence[Any], str | None]:
    start = 0
    if asked.get("NextToken"):
        try:
            start = int(base64.b64decode(asked["NextToken"], validate=True))
        except (ValueError, binascii.Error):
            raise requests.refused("Invalid token", "InvalidNextToken") from None
    end = start + int(asked.get("MaxRecords") or most)
    token = base64.b64encode(str(end).encode()).decode() if end < len(found) else None
    return found[start:end], token


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _for_moto(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of moto's method; it keeps what other services of moto look at."""
    return {
        "name": asked["AlarmName"],
        "namespace": asked.get("Namespace"),
        "metric_name": asked.get("MetricName"),
        "comparison_operator": asked.get("ComparisonOperator"),
        "evaluation_periods": asked.get("EvaluationPeriods"),
        "datapoints_to_alarm": asked.get("DatapointsToAlarm"),
        "period": asked.get("Period"),
        "threshold": asked.get("Threshold"),
        "statistic": asked.get("Statistic"),
        "description": asked.get("AlarmDescription"),
        "dimensions": asked.get("Dimensions") or [],
        "alarm_actions": asked.get("AlarmActions") or [],
        "ok_actions": asked.get("OKActions") or [],
        "insufficient_data_actions": asked.get("InsufficientDataActions") or [],
        "unit": asked.get("Unit"),
        "actions_enabled": asked.get("ActionsEnabled"),
        "treat_missing_data": asked.get("TreatMissingData"),
        "rule": asked.get("AlarmRule"),
    }
