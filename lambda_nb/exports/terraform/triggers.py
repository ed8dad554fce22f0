"""What invokes functions, as Terraform's resources."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.exports.picture import Application, Function, Trigger
from lambda_nb.exports.reading.identifiers import snake
from lambda_nb.exports.shared import all_statements, notified
from lambda_nb.exports.terraform.functions import permission, target
from lambda_nb.exports.terraform.hcl import Block, Expression, data, resource, value_text
from lambda_nb.exports.terraform.values import Values

_MAPPING = {
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "maximum_batching_window_in_seconds",
    "StartingPosition": "starting_position",
    "ParallelizationFactor": "parallelization_factor",
    "MaximumRecordAgeInSeconds": "maximum_record_age_in_seconds",
    "MaximumRetryAttempts": "maximum_retry_attempts",
    "BisectBatchOnFunctionError": "bisect_batch_on_function_error",
    "TumblingWindowInSeconds": "tumbling_window_in_seconds",
    "FunctionResponseTypes": "function_response_types",
    "Enabled": "enabled",
}


def triggers(one: Function, application: Application, values: Values) -> list[Block]:
    """The blocks of what invokes a function, without APIs and buckets."""
    blocks: list[Block] = []
    for trigger in one.triggers:
        if trigger.kind in ("sqs", "dynamodb", "kinesis"):
            blocks.append(_mapping(one, trigger, application, values))
        elif trigger.kind in _WRITERS:
            blocks += _WRITERS[trigger.kind](one, trigger, values)
    return blocks


def notifications(application: Application, values: Values) -> list[Block]:
    """What tells functions of the objects in buckets: one block a bucket."""
    blocks = []
    for identifier, functions in notified(application).items():
        bucket = values.address(identifier)
        label = values.label(identifier)
        made = resource("aws_s3_bucket_notification", label, bucket=Expression(f"{bucket}.id"))
        allowed = []
        for one in functions:
            name = f"{values.label(one.id)}_{label}"
            source = Expression(f"{bucket}.arn")
            blocks.append(permission(one, values, name, "s3", source))
            allowed.append(Expression(f"aws_lambda_permission.{name}"))
            for trigger in one.triggers:
                if trigger.kind == "s3" and trigger.source == identifier:
                    filters = trigger.settings["Filter"]
                    made.inside(
                        "lambda_function",
                        lambda_function_arn=target(one, values),
                        events=trigger.settings["Events"],
                        filter_prefix=filters.get("prefix"),
                        filter_suffix=filters.get("suffix"),
                    )
        made.add(depends_on=allowed)
        blocks.append(made)
    return blocks


def _mapping(one: Function, trigger: Trigger, application: Application, values: Values) -> Block:
    told = trigger.settings
    what = "stream_arn" if trigger.kind == "dynamodb" else "arn"
    block = resource(
        "aws_lambda_event_source_mapping",
        snake(trigger.id),
        function_name=target(one, values),
        event_source_arn=values.ref(trigger.source, what),
        **{new: told[old] for old, new in _MAPPING.items() if old in told},
    )
    concurrency = told.get("ScalingConfig", {}).get("MaximumConcurrency")
    if concurrency:
        block.inside("scaling_config", maximum_concurrency=concurrency)
    if "Filters" in told:
        criteria = Block(("filter_criteria",))
        for pattern in told["Filters"]:
            criteria.inside("filter", pattern=_json(pattern))
        block.body.append(criteria)
    if "OnFailure" in told:
        failed = Block(("destination_config",))
        failed.inside("on_failure", destination_arn=values.of(told["OnFailure"]))
        block.body.append(failed)
    if all_statements(one, application):
        block.add(depends_on=[Expression(f"aws_iam_role_policy.{values.label(one.id)}")])
    return block


def _subscription(one: Function, trigger: Trigger, values: Values) -> list[Block]:
    label, topic = snake(trigger.id), values.ref(trigger.source, "arn")
    told = trigger.settings
    policy = _json(told["FilterPolicy"]) if "FilterPolicy" in told else None
    return [
        permission(one, values, label, "sns", topic),
        resource(
            "aws_sns_topic_subscription",
            label,
            topic_arn=topic,
            protocol="lambda",
            endpoint=target(one, values),
            filter_policy=policy,
            filter_policy_scope=told.get("FilterPolicyScope"),
        ),
    ]


def _rule(one: Function, trigger: Trigger, values: Values) -> list[Block]:
    label, told = snake(trigger.id), trigger.settings
    bus = values.ref(trigger.source, "name") if trigger.source else None
    rule = resource(
        "aws_cloudwatch_event_rule",
        label,
        name_prefix=f"{trigger.id[:37]}-",
        event_bus_name=bus,
        schedule_expression=told.get("ScheduleExpression"),
        event_pattern=_json(told["EventPattern"]) if "EventPattern" in told else None,
        state="DISABLED" if told.get("Enabled") is False else None,
    )
    to = resource(
        "aws_cloudwatch_event_target",
        label,
        rule=Expression(f"aws_cloudwatch_event_rule.{label}.name"),
        event_bus_name=bus,
        arn=target(one, values),
        input=told.get("Input"),
        input_path=told.get("InputPath"),
    )
    if "InputTransformer" in told:
        transformer = told["InputTransformer"]
        to.inside(
            "input_transformer",
            input_paths=transformer.get("InputPathsMap"),
            input_template=transformer["InputTemplate"],
        )
    source = Expression(f"aws_cloudwatch_event_rule.{label}.arn")
    return [rule, to, permission(one, values, label, "events", source)]


def _schedule(one: Function, trigger: Trigger, values: Values) -> list[Block]:
    label, told = snake(trigger.id), trigger.settings
    assume = data("aws_iam_policy_document", f"{label}_assume")
    statement = Block(("statement",)).add(actions=["sts:AssumeRole"])
    statement.inside("principals", type="Service", identifiers=["scheduler.amazonaws.com"])
    assume.body.append(statement)
    allowed = data("aws_iam_policy_document", label)
    allowed.inside("statement", actions=["lambda:InvokeFunction"], resources=[target(one, values)])
    role = resource(
        "aws_iam_role",
        label,
        name_prefix=f"{trigger.id[:37]}-",
        assume_role_policy=Expression(f"data.aws_iam_policy_document.{label}_assume.json"),
    )
    policy = resource(
        "aws_iam_role_policy",
        label,
        role=Expression(f"aws_iam_role.{label}.name"),
        policy=Expression(f"data.aws_iam_policy_document.{label}.json"),
    )
    schedule = resource(
        "aws_scheduler_schedule",
        label,
        name_prefix=f"{trigger.id[:37]}-",
        description=told.get("Description"),
        schedule_expression=told["ScheduleExpression"],
        schedule_expression_timezone=told.get("ScheduleExpressionTimezone"),
        state="DISABLED" if told.get("Enabled") is False else None,
    )
    minutes = told.get("MaximumWindowInMinutes")
    mode = "FLEXIBLE" if minutes else "OFF"
    schedule.inside("flexible_time_window", mode=mode, maximum_window_in_minutes=minutes)
    schedule.inside(
        "target",
        arn=target(one, values),
        role_arn=Expression(f"aws_iam_role.{label}.arn"),
        input=told.get("Input"),
    )
    return [assume, allowed, role, policy, schedule]


def _log_filter(one: Function, trigger: Trigger, values: Values) -> list[Block]:
    label = snake(trigger.id)
    group = values.address(trigger.source)
    allowed = permission(one, values, label, "logs", Expression(f'"${{{group}.arn}}:*"'))
    made = resource(
        "aws_cloudwatch_log_subscription_filter",
        label,
        name=trigger.id,
        log_group_name=Expression(f"{group}.name"),
        filter_pattern=trigger.settings["FilterPattern"],
        destination_arn=target(one, values),
        depends_on=[Expression(f"aws_lambda_permission.{label}")],
    )
    return [allowed, made]


def _topic_rule(one: Function, trigger: Trigger, values: Values) -> list[Block]:
    label, told = snake(trigger.id), trigger.settings
    rule = resource(
        "aws_iot_topic_rule",
        label,
        name=label,
        enabled=True,
        sql=told["Sql"],
        sql_version=told.get("awsIotSqlVersion", "2015-10-08"),
    )
    rule.inside("lambda", function_arn=target(one, values))
    source = Expression(f"aws_iot_topic_rule.{label}.arn")
    return [rule, permission(one, values, label, "iot", source)]


def _json(told: Any) -> Expression | str:
    """A JSON document as an expression that Terraform makes it of."""
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except ValueError:
            return str(told)
    return Expression("jsonencode(" + value_text(told) + ")")


_WRITERS = {
    "sns": _subscription,
    "rule": _rule,
    "schedule": _schedule,
    "logs": _log_filter,
    "iot": _topic_rule,
}
