"""What invokes a function, as the ``Events`` of SAM's functions."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Application, Function, Ref, Text, Trigger
from lambda_nb.exports.sam.authorizers import of_event
from lambda_nb.exports.sam.values import Tagged, Values


def events(function: Function, application: Application, values: Values) -> dict[str, Any]:
    """A function's ``Events``, by their ids."""
    made = {}
    for trigger in function.triggers:
        kind, properties = _event(trigger, application, values)
        made[trigger.id] = {"Type": kind, "Properties": properties}
    return made


def _event(
    trigger: Trigger, application: Application, values: Values
) -> tuple[str, dict[str, Any]]:
    told = dict(trigger.settings)
    if trigger.kind in _POLLED:
        return _polled(trigger, told, values)
    if trigger.kind == "s3":
        return "S3", _of_bucket(trigger.source, told)
    if trigger.kind == "sns":
        return "SNS", {"Topic": values.ref(trigger.source, "arn"), **told}
    if trigger.kind == "logs":
        name = values.ref(trigger.source, "name")
        return "CloudWatchLogs", {"LogGroupName": name, "FilterPattern": told["FilterPattern"]}
    if trigger.kind == "iot":
        version = told.pop("awsIotSqlVersion", None)
        return "IoTRule", told | ({"AwsIotSqlVersion": version} if version else {})
    if trigger.kind == "http":
        return "HttpApi", _of_http_api(trigger.source, told) | of_event(trigger)
    if trigger.kind == "rest":
        api = {"RestApiId": Tagged("!Ref", trigger.source)}
        method = "any" if told["Method"] == "ANY" else told["Method"].lower()
        return "Api", {**api, "Path": told["Path"], "Method": method, **of_event(trigger)}
    if trigger.kind == "schedule":
        return "ScheduleV2", _of_scheduler(told)
    return _of_rule(trigger.source, told, values)


_POLLED = {
    "sqs": ("SQS", "Queue"),
    "dynamodb": ("DynamoDB", "Stream"),
    "kinesis": ("Kinesis", "Stream"),
}


def _polled(trigger: Trigger, told: dict[str, Any], values: Values) -> tuple[str, dict[str, Any]]:
    kind, source = _POLLED[trigger.kind]
    what = "stream_arn" if trigger.kind == "dynamodb" else "arn"
    filters = told.pop("Filters", None)
    failed = told.pop("OnFailure", None)
    properties = {source: values.ref(trigger.source, what), **told}
    if filters:
        properties["FilterCriteria"] = {"Filters": [{"Pattern": one} for one in filters]}
    if failed is not None:
        properties["DestinationConfig"] = {"OnFailure": _destination(failed, values)}
    return kind, properties


def _destination(text: Text, values: Values) -> dict[str, Any]:
    return {"Destination": values.of(text)}


def _of_bucket(source: str, told: dict[str, Any]) -> dict[str, Any]:
    rules = [{"Name": name, "Value": value} for name, value in told["Filter"].items()]
    events = told["Events"]
    return {
        "Bucket": Tagged("!Ref", source),
        "Events": events[0] if len(events) == 1 else events,
        **({"Filter": {"S3Key": {"Rules": rules}}} if rules else {}),
    }


def _of_http_api(source: str, told: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {"ApiId": Tagged("!Ref", source)}
    if told["RouteKey"] != "$default":
        method, _, path = told["RouteKey"].partition(" ")
        properties |= {"Path": path, "Method": method}
    if "PayloadFormatVersion" in told:
        properties["PayloadFormatVersion"] = told["PayloadFormatVersion"]
    return properties


def _of_scheduler(told: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        key: told[key]
        for key in ("ScheduleExpression", "ScheduleExpressionTimezone", "Description", "Input")
        if key in told
    }
    if "MaximumWindowInMinutes" in told:
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": told["MaximumWindowInMinutes"]}
        properties["FlexibleTimeWindow"] = window
    if told.get("Enabled") is False:
        properties["State"] = "DISABLED"
    return properties


def _of_rule(source: str, told: dict[str, Any], values: Values) -> tuple[str, dict[str, Any]]:
    further: dict[str, Any] = {key: told[key] for key in ("Input", "InputPath") if key in told}
    state = {"State": "DISABLED"} if told.get("Enabled") is False else {}
    if "ScheduleExpression" in told:
        input_ = {"Input": further["Input"]} if "Input" in further else {}
        enabled = {"Enabled": False} if state else {}
        return "Schedule", {"Schedule": told["ScheduleExpression"], **input_, **enabled}
    if "InputTransformer" in told:
        further["InputTransformer"] = told["InputTransformer"]
    bus = {"EventBusName": values.of(Text.of(Ref(source, "name")))} if source else {}
    return "EventBridgeRule", {"Pattern": told["EventPattern"], **bus, **further, **state}


def left_out(application: Application) -> list[str]:
    """What SAM's events have no property for."""
    return [
        f"{function.name}: SAM's schedules have no {key}, so the schedule {trigger.id} sends its "
        "whole event"
        for function in application.functions
        for trigger in function.triggers
        if trigger.kind == "rule" and "ScheduleExpression" in trigger.settings
        for key in ("InputPath", "InputTransformer")
        if key in trigger.settings
    ]
