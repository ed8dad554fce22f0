"""What invokes functions, as calls of the CDK's constructs."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.exports.cdk.functions import place, target
from lambda_nb.exports.cdk.routes import integration, method, route
from lambda_nb.exports.cdk.source import Code, call, literal
from lambda_nb.exports.cdk.values import Values
from lambda_nb.exports.picture import Application, Function, Trigger
from lambda_nb.exports.reading.identifiers import snake

SELF = Code("self")


def triggers(one: Function, application: Application, values: Values) -> list[str]:
    """Statements that let sources invoke a function."""
    lines: list[str] = []
    routed: set[str] = set()
    for trigger in one.triggers:
        if trigger.kind in _POLLED:
            lines.append(_polled(one, trigger, application, values))
        elif trigger.kind == "http":
            if trigger.source not in routed:
                lines.append(integration(one, trigger, values))
                routed.add(trigger.source)
            lines.append(route(one, trigger, values))
        else:
            lines += _WRITERS[trigger.kind](one, trigger, values)
    return lines


_POLLED = {
    "sqs": "sources.SqsEventSource",
    "dynamodb": "sources.DynamoEventSource",
    "kinesis": "sources.KinesisEventSource",
}


def _polled(one: Function, trigger: Trigger, application: Application, values: Values) -> str:
    told = trigger.settings
    arguments: dict[str, Any] = {}
    if "StartingPosition" in told:
        position = f"lambda_.StartingPosition.{told['StartingPosition']}"
        arguments["starting_position"] = Code(position)
    for key, name in _PLAIN.items():
        if key in told:
            arguments[name] = told[key]
    for key, name in _SECONDS.items():
        if key in told:
            arguments[name] = call("Duration.seconds", told[key])
    if "FunctionResponseTypes" in told:
        arguments["report_batch_item_failures"] = True
    if "ScalingConfig" in told:
        arguments["max_concurrency"] = told["ScalingConfig"].get("MaximumConcurrency")
    if "Filters" in told:
        arguments["filters"] = [{"pattern": pattern} for pattern in told["Filters"]]
    if "OnFailure" in told:
        kind, to = place(told["OnFailure"], f"{trigger.id}OnFailure", application, values)
        arguments["on_failure"] = call(f"sources.{_FAILED[kind]}", to)
    source = call(_POLLED[trigger.kind], values.variable(trigger.source), **arguments)
    return call(f"{target(one, values)}.add_event_source", source)


_FAILED = {"queue": "SqsDlq", "topic": "SnsDlq", "bucket": "S3OnFailureDestination"}
_PLAIN = {
    "BatchSize": "batch_size",
    "ParallelizationFactor": "parallelization_factor",
    "MaximumRetryAttempts": "retry_attempts",
    "BisectBatchOnFunctionError": "bisect_batch_on_error",
    "Enabled": "enabled",
}
_SECONDS = {
    "MaximumBatchingWindowInSeconds": "max_batching_window",
    "MaximumRecordAgeInSeconds": "max_record_age",
    "TumblingWindowInSeconds": "tumbling_window",
}


def _notification(one: Function, trigger: Trigger, values: Values) -> list[str]:
    bucket, told = values.variable(trigger.source), trigger.settings
    filters = [call("s3.NotificationKeyFilter", **told["Filter"])] if told["Filter"] else []
    to = call("notifications.LambdaDestination", target(one, values))
    lines: list[str] = []
    for event in told["Events"]:
        words = [snake(word).upper() for word in event.removeprefix("s3:").split(":")]
        kind = "_".join(word for word in words if word != "*")
        arguments = (Code(f"s3.EventType.{kind}"), to, *filters)
        lines.append(call(f"{bucket}.add_event_notification", *arguments))
    return lines


def _subscription(one: Function, trigger: Trigger, values: Values) -> list[str]:
    topic, told = values.variable(trigger.source), trigger.settings
    made = call(
        f"{topic}.add_subscription",
        call("subscriptions.LambdaSubscription", target(one, values)),
    )
    if not told:
        return [made]
    variable = snake(trigger.id)
    lines = [f"{variable} = {made}"]
    for name, value in told.items():
        override = f"{variable}.node.default_child.add_property_override"
        lines.append(f"{override}({literal(name)}, {literal(value, 8)})")
    return lines


def _rule(one: Function, trigger: Trigger, values: Values) -> list[str]:
    told = trigger.settings
    input_ = None
    if "Input" in told:
        input_ = call("events.RuleTargetInput.from_object", json.loads(told["Input"]))
    elif "InputPath" in told:
        input_ = call("events.RuleTargetInput.from_event_path", told["InputPath"])
    to = call("targets.LambdaFunction", target(one, values), event=input_)
    schedule = told.get("ScheduleExpression")
    made = call(
        "events.Rule",
        SELF,
        trigger.id,
        event_bus=values.variable(trigger.source) if trigger.source else None,
        schedule=call("events.Schedule.expression", schedule) if schedule else None,
        event_pattern=_pattern(told["EventPattern"]) if "EventPattern" in told else None,
        enabled=told.get("Enabled"),
        targets=[to],
    )
    if "InputTransformer" not in told:
        return [made]
    variable = snake(trigger.id)
    override = f"{variable}.node.default_child.add_property_override"
    transformer = literal(told["InputTransformer"], 8)
    return [
        f"{variable} = {made}",
        f'{override}("Targets.0.InputTransformer", {transformer})',
    ]


def _pattern(told: dict[str, Any]) -> Code:
    """An event pattern; what is not an equality is a match on the JSON that it is."""
    named = {key.replace("-", "_"): value for key, value in told.items()}
    return call("events.EventPattern", **named)


def _schedule(one: Function, trigger: Trigger, values: Values) -> list[str]:
    told = trigger.settings
    zone = told.get("ScheduleExpressionTimezone")
    zones = [call("TimeZone.of", zone)] if zone else []
    input_ = None
    if "Input" in told:
        input_ = call("scheduler.ScheduleTargetInput.from_object", json.loads(told["Input"]))
    minutes = told.get("MaximumWindowInMinutes")
    window = call("Duration.minutes", minutes) if minutes else None
    return [
        call(
            "scheduler.Schedule",
            SELF,
            trigger.id,
            schedule=call(
                "scheduler.ScheduleExpression.expression", told["ScheduleExpression"], *zones
            ),
            target=call("scheduler_targets.LambdaInvoke", target(one, values), input=input_),
            description=told.get("Description"),
            enabled=told.get("Enabled"),
            time_window=call("scheduler.TimeWindow.flexible", window) if window else None,
        )
    ]


def _log_filter(one: Function, trigger: Trigger, values: Values) -> list[str]:
    pattern = trigger.settings["FilterPattern"]
    shown = call("logs.FilterPattern.literal", pattern) if pattern else _ALL_EVENTS
    return [
        call(
            f"{values.variable(trigger.source)}.add_subscription_filter",
            trigger.id,
            destination=call("logs_destinations.LambdaDestination", target(one, values)),
            filter_pattern=shown,
        )
    ]


_ALL_EVENTS = Code("logs.FilterPattern.all_events()")


def _topic_rule(one: Function, trigger: Trigger, values: Values) -> list[str]:
    told, to, variable = trigger.settings, target(one, values), snake(trigger.id)
    lambda_ = call("iot.CfnTopicRule.LambdaActionProperty", function_arn=Code(f"{to}.function_arn"))
    payload = call(
        "iot.CfnTopicRule.TopicRulePayloadProperty",
        sql=told["Sql"],
        aws_iot_sql_version=told.get("awsIotSqlVersion"),
        actions=[call("iot.CfnTopicRule.ActionProperty", lambda_=lambda_)],
    )
    made = call("iot.CfnTopicRule", SELF, trigger.id, topic_rule_payload=payload)
    allowed = call(
        f"{to}.add_permission",
        f"{trigger.id}Permission",
        principal=call("iam.ServicePrincipal", "iot.amazonaws.com"),
        source_arn=Code(f"{variable}.attr_arn"),
    )
    return [f"{variable} = {made}", allowed]


_WRITERS = {
    "s3": _notification,
    "sns": _subscription,
    "rule": _rule,
    "schedule": _schedule,
    "logs": _log_filter,
    "iot": _topic_rule,
    "rest": method,
}
