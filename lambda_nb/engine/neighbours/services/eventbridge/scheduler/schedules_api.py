"""EventBridge Scheduler's API, where moto differs from AWS."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote

from lambda_nb.engine.neighbours.services.eventbridge.request_checks import check
from lambda_nb.engine.neighbours.services.eventbridge.scheduler.clock import zone_of
from lambda_nb.engine.neighbours.services.eventbridge.scheduler.universal_targets import (
    operation_of,
)
from lambda_nb.engine.neighbours.services.eventbridge.target_checks import queue_problem
from lambda_nb.rules.events.eventbridge.event_json import parsed
from lambda_nb.rules.events.schedules import next_moment

SERVICES = ("lambda", "sqs", "sns", "kinesis", "firehose", "states", "events")
"""Services of templated targets that run here."""
_NEED_JSON = ("lambda", "states", "events")
_EARLIEST_START_S = 300
_ARN = re.compile(r"arn:[\w-]+:([\w-]+):[\w-]*:\d*:.+")


def install(changed: Callable[[], None]) -> None:
    """Mend moto's Scheduler; ``changed`` is called when a schedule has changed."""
    _mend_schedules(changed)
    _mend_groups(changed)


def _mend_schedules(changed: Callable[[], None]) -> None:
    from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule
    from moto.scheduler.responses import EventBridgeSchedulerResponse

    create = EventBridgeSchedulerResponse.create_schedule
    update = EventBridgeSchedulerResponse.update_schedule
    delete = EventBridgeSchedulerResponse.delete_schedule
    listed = EventBridgeSchedulerResponse.list_schedules
    to_dict = Schedule.to_dict

    def create_schedule(self: Any) -> str:
        told = _told(self)
        check("scheduler", "CreateSchedule", told)
        group = self.scheduler_backend.get_schedule_group(told.get("GroupName"))
        known = group.schedules.get(told["Name"])
        token = told.get("ClientToken")
        if known is not None and token and getattr(known, "client_token", None) == token:
            return json.dumps({"ScheduleArn": known.arn})
        check_schedule(told)
        answer: str = create(self)
        made = group.schedules[told["Name"]]
        made.client_token = token
        made.action_after_completion = told.get("ActionAfterCompletion", "NONE")
        changed()
        return answer

    def update_schedule(self: Any) -> str:
        told = _told(self)
        check("scheduler", "UpdateSchedule", told)
        schedule = self.scheduler_backend.get_schedule(told.get("GroupName"), told["Name"])
        check_schedule(told)
        answer: str = update(self)
        schedule.state = told.get("State", "ENABLED")
        schedule.action_after_completion = told.get("ActionAfterCompletion", "NONE")
        changed()
        return answer

    def delete_schedule(self: Any) -> str:
        answer: str = delete(self)
        changed()
        return answer

    def list_schedules(self: Any) -> str:
        given = {name: values[0] for name, values in self.querystring.items()}
        told = {
            "GroupName": given.get("ScheduleGroup"),
            "NamePrefix": given.get("NamePrefix"),
            "State": given.get("State"),
            "MaxResults": int(given["MaxResults"]) if "MaxResults" in given else None,
        }
        check("scheduler", "ListSchedules", told)
        if told["GroupName"] is not None:
            self.scheduler_backend.get_schedule_group(told["GroupName"])
        return str(listed(self))

    def known(self: Any, short: bool = False) -> dict[str, Any]:
        whole = to_dict(self, short)
        names = (
            "Arn", "CreationDate", "GroupName", "LastModificationDate", "Name", "State", "Target",
        ) if short else tuple(whole)  # fmt: skip
        return {name: whole[name] for name in names if whole[name] is not None}

    def validate_target(target: dict[str, Any]) -> dict[str, Any]:
        policy = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
        return {**target, "RetryPolicy": {**policy, **(target.get("RetryPolicy") or {})}}

    handler_class: Any = EventBridgeSchedulerResponse
    handler_class.create_schedule = create_schedule
    handler_class.update_schedule = update_schedule
    handler_class.delete_schedule = delete_schedule
    handler_class.list_schedules = list_schedules
    schedule_class: Any = Schedule
    schedule_class.to_dict = known
    schedule_class.validate_target = staticmethod(validate_target)
    backend_class: Any = EventBridgeSchedulerBackend
    backend_class.forget = _forget


def _forget(self: Any, arn: str) -> None:
    """Delete the schedule of an ARN, if it is still there."""
    group_name, _, name = arn.partition(":schedule/")[2].partition("/")
    group = self.schedule_groups.get(group_name)
    if group is not None:
        group.schedules.pop(name, None)


def _told(handler: Any) -> dict[str, Any]:
    name = unquote(handler.uri.split("?")[0].rpartition("/")[2])
    return {**json.loads(handler.body or "{}"), "Name": name}


def _mend_groups(changed: Callable[[], None]) -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.scheduler.exceptions import ScheduleGroupNotFound
    from moto.scheduler.models import EventBridgeSchedulerBackend
    from moto.scheduler.responses import EventBridgeSchedulerResponse

    create = EventBridgeSchedulerBackend.create_schedule_group
    answer = EventBridgeSchedulerResponse.create_schedule_group

    def create_schedule_group(self: Any, name: str, tags: Any) -> Any:
        if name in self.schedule_groups:
            text = f"Schedule group {name} already exists."
            raise JsonRESTError("ConflictException", text)
        return create(self, name, tags or [])

    def checked(self: Any) -> str:
        told = _told(self)
        check("scheduler", "CreateScheduleGroup", told)
        return str(answer(self))

    def delete_schedule_group(self: Any, name: str | None) -> None:
        if name == "default":
            text = "The default schedule group cannot be deleted."
            raise JsonRESTError("ValidationException", text)
        group = self.schedule_groups.pop(name, None)
        if group is None:
            raise ScheduleGroupNotFound(str(name))
        self.tagger.delete_all_tags_for_resource(group.arn)
        changed()

    backend_class: Any = EventBridgeSchedulerBackend
    backend_class.create_schedule_group = create_schedule_group
    backend_class.delete_schedule_group = delete_schedule_group
    handler_class: Any = EventBridgeSchedulerResponse
    handler_class.create_schedule_group = checked


def check_schedule(told: Mapping[str, Any]) -> None:
    """Check what the service model says nothing about.

    Raises
    ------
    JsonRESTError
        ``ValidationException``.
    """
    from moto.core.exceptions import JsonRESTError

    problem = _time_problem(told) or target_problem(told["Target"])
    if problem is not None:
        raise JsonRESTError("ValidationException", problem)


def _time_problem(told: Mapping[str, Any]) -> str | None:
    expression = told["ScheduleExpression"]
    name = told.get("ScheduleExpressionTimezone") or "UTC"
    try:
        zone = zone_of(name)
    except ValueError:
        return f"Invalid ScheduleExpressionTimezone {name}."
    begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
    try:
        next_moment(expression, zone, begin, begin)
    except ValueError:
        return f"Invalid Schedule Expression {expression}."
    window = told["FlexibleTimeWindow"]
    minutes = window.get("MaximumWindowInMinutes")
    if window["Mode"] == "FLEXIBLE" and minutes is None:
        return "MaximumWindowInMinutes must be specified when the Mode is FLEXIBLE."
    if window["Mode"] == "OFF" and minutes is not None:
        return "MaximumWindowInMinutes must not be specified when the Mode is OFF."
    start, end = told.get("StartDate"), told.get("EndDate")
    if not expression.startswith("at("):
        if start is not None and float(start) < time.time() - _EARLIEST_START_S:
            return "The StartDate you specify cannot be earlier than 5 minutes ago."
        if end is not None and float(end) < time.time():
            return "The EndDate you specify cannot be earlier than the current time."
        if start is not None and end is not None and float(end) <= float(start):
            return "The EndDate you specify must be after the StartDate."
    return None


def target_problem(target: Mapping[str, Any]) -> str | None:
    """What is wrong with a schedule's target."""
    arn = target["Arn"]
    if ":::aws-sdk:" in arn:
        try:
            operation_of(arn)
        except ValueError as error:
            return str(error)
        return _input_problem(target, needs_json=True) or queue_problem(target)
    found = _ARN.fullmatch(arn)
    if found is None:
        return "Provided Arn is not in correct format."
    service = found[1]
    if service not in SERVICES or (service == "events" and ":event-bus/" not in arn):
        return (
            f"lambda_nb runs no schedules with the target {arn}. It runs templated targets of "
            f"{', '.join(SERVICES)}, and universal targets."
        )
    if service == "events" and not target.get("EventBridgeParameters"):
        return "EventBridgeParameters must be specified for an event bus."
    if service == "kinesis" and not target.get("KinesisParameters"):
        return "KinesisParameters must be specified for a stream."
    if service == "sqs" and arn.endswith(".fifo") and not target.get("SqsParameters"):
        return "SqsParameters must be specified for a FIFO queue."
    return _input_problem(target, needs_json=service in _NEED_JSON) or queue_problem(target)


def _input_problem(target: Mapping[str, Any], *, needs_json: bool) -> str | None:
    text = target.get("Input")
    if not needs_json or text is None:
        return None
    try:
        parsed(text)
    except ValueError:
        return "The target input must be well-formed JSON."
    return None
