"""``--on``: let a queue, a bucket, a device, a schedule ... invoke a function."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.errors import AWSError, UsageError, aws_errors

FORMS = (
    "sqs:QUEUE, dynamodb:TABLE, kinesis:STREAM, s3:BUCKET, sns:TOPIC, logs:GROUP, "
    'iot:"SELECT ... FROM \'topic/#\' WHERE ...", eventbridge:\'{"source": ["my.app"]}\', '
    "alarm:NAME, cognito:POOL/TRIGGER, 'rate(5 minutes)'"
)
_READY_WITHIN_S = 10.0
_MISSING = re.compile("NotFound|NoSuch|NonExistent")
_MAKING = {
    "sqs": 'create_queue(QueueName="{name}")',
    "s3": 'create_bucket(Bucket="{name}")',
    "sns": 'create_topic(Name="{name}")',
    "kinesis": 'create_stream(StreamName="{name}", ShardCount=1)',
    "logs": 'create_log_group(logGroupName="{name}")',
}
"""How a source is made that has a name only."""
_SCHEDULE = re.compile(r"(rate|cron)\(.+\)")


def attach(session: Session, function: str, arn: str, source: str) -> str:
    """Let a source invoke a function; a second call changes nothing.

    Parameters
    ----------
    function, arn
        The function's name and ARN.
    source
        ``KIND:NAME`` of a source that exists, or a schedule.

    Returns
    -------
    str
        A note for the cell's display.

    Raises
    ------
    UsageError
        The source has an unknown form.
    AWSError
        The queue, stream, bucket or topic does not exist, or AWS refuses the rule.
    """
    kind, _, name = source.partition(":")
    try:
        with aws_errors():
            if _SCHEDULE.fullmatch(source):
                _schedule(session, function, arn, source)
                return f"on {source}"
            if not name or kind not in _KINDS:
                raise UsageError(f"--on {source}: give one of {FORMS}")
            _KINDS[kind](session, function, arn, name)
    except AWSError as error:
        error.args = (f"{error}\n{_what_now(function, kind, name, error.code)}",)
        raise
    return f"on {source}"


def _what_now(function: str, kind: str, name: str, code: str) -> str:
    deployed = f"{function} is deployed, but {kind}:{name} does not invoke it."
    if kind not in _MAKING or not _MISSING.search(code):
        return deployed
    call = _MAKING[kind].format(name=name)
    return f'{deployed} Make it, then run this cell again:\n    lambda_nb.client("{kind}").{call}'


def _sqs(session: Session, function: str, arn: str, name: str) -> None:
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    _map(session, function, told["Attributes"]["QueueArn"])


def _dynamodb(session: Session, function: str, arn: str, name: str) -> None:
    table = session.client("dynamodb").describe_table(TableName=name)["Table"]
    if "LatestStreamArn" not in table:
        raise UsageError(f"--on dynamodb:{name}: the table has no stream; switch one on first")
    _map(session, function, table["LatestStreamArn"], StartingPosition="LATEST")


def _kinesis(session: Session, function: str, arn: str, name: str) -> None:
    stream = session.client("kinesis").describe_stream_summary(StreamName=name)
    source = stream["StreamDescriptionSummary"]["StreamARN"]
    _map(session, function, source, StartingPosition="LATEST")


def _map(session: Session, function: str, source: str, **settings: Any) -> None:
    """Create an event source mapping, so that Lambda polls the source."""
    lambda_ = session.client()
    present = lambda_.list_event_source_mappings(FunctionName=function, EventSourceArn=source)
    if present["EventSourceMappings"]:
        return
    mapping = lambda_.create_event_source_mapping(
        FunctionName=function, EventSourceArn=source, **settings
    )
    # Until then nothing is read, and records that are put now are before LATEST.
    deadline = time.monotonic() + _READY_WITHIN_S
    while mapping["State"] != "Enabled" and time.monotonic() < deadline:
        time.sleep(0.02)
        mapping = lambda_.get_event_source_mapping(UUID=mapping["UUID"])


def _s3(session: Session, function: str, arn: str, name: str) -> None:
    _permit(session, function, "s3", f"arn:aws:s3:::{name}")
    s3 = session.client("s3")
    present = s3.get_bucket_notification_configuration(Bucket=name)
    present.pop("ResponseMetadata", None)
    others = present.setdefault("LambdaFunctionConfigurations", [])
    if any(one["LambdaFunctionArn"] == arn for one in others):
        return
    others.append({"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]})
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=present)


def _sns(session: Session, function: str, arn: str, name: str) -> None:
    sns = session.client("sns")
    account, region = arn.split(":")[4], arn.split(":")[3]
    topic = name if name.startswith("arn:") else f"arn:aws:sns:{region}:{account}:{name}"
    _permit(session, function, "sns", topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)


def _schedule(session: Session, function: str, arn: str, expression: str) -> None:
    events = session.client("events")
    rule = f"lambda-nb-{function}"
    rule_arn = events.put_rule(Name=rule, ScheduleExpression=expression)["RuleArn"]
    _permit(session, function, "events", rule_arn)
    events.put_targets(Rule=rule, Targets=[{"Id": "function", "Arn": arn}])


def _logs(session: Session, function: str, arn: str, name: str) -> None:
    _permit(session, function, "logs", _arn(arn, "logs", f"log-group:{name}:*"))
    session.client("logs").put_subscription_filter(
        logGroupName=name, filterName=f"lambda-nb-{function}", filterPattern="", destinationArn=arn
    )


def _iot(session: Session, function: str, arn: str, sql: str) -> None:
    rule = "lambda_nb_" + re.sub(r"\W", "_", function)
    wanted = {
        "sql": sql,
        "awsIotSqlVersion": "2016-03-23",
        "actions": [{"lambda": {"functionArn": arn}}],
    }
    iot = session.client("iot")
    _permit(session, function, "iot", _arn(arn, "iot", f"rule/{rule}"))
    try:
        iot.create_topic_rule(ruleName=rule, topicRulePayload=wanted)
    except iot.exceptions.ResourceAlreadyExistsException:
        iot.replace_topic_rule(ruleName=rule, topicRulePayload=wanted)


def _eventbridge(session: Session, function: str, arn: str, pattern: str) -> None:
    events = session.client("events")
    rule = f"lambda-nb-{function}"
    rule_arn = events.put_rule(Name=rule, EventPattern=pattern)["RuleArn"]
    _permit(session, function, "events", rule_arn)
    events.put_targets(Rule=rule, Targets=[{"Id": "function", "Arn": arn}])


def _alarm(session: Session, function: str, arn: str, name: str) -> None:
    cloudwatch = session.client("cloudwatch")
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    if not found:
        raise UsageError(f"--on alarm:{name}: there is no alarm of this name; make it first")
    _permit(session, function, "lambda.alarms.cloudwatch", found[0]["AlarmArn"])
    present = found[0].get("AlarmActions", [])
    if arn not in present:
        settings = {key: value for key, value in found[0].items() if key in _OF_ALARMS}
        cloudwatch.put_metric_alarm(**{**settings, "AlarmActions": [*present, arn]})


_OF_ALARMS = {
    "AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions",
    "InsufficientDataActions", "MetricName", "Namespace", "Statistic", "ExtendedStatistic",
    "Dimensions", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm", "Threshold",
    "ComparisonOperator", "TreatMissingData", "Metrics", "ThresholdMetricId",
}  # fmt: skip
"""What an alarm is described with that it also is made of."""


def _cognito(session: Session, function: str, arn: str, name: str) -> None:
    pool, _, trigger = name.partition("/")
    if trigger not in TRIGGERS:
        raise UsageError(
            f"--on cognito:{name}: give the pool's id and a trigger, such as "
            f"cognito:{pool or 'us-east-1_abc'}/PreSignUp; there are {', '.join(TRIGGERS)}"
        )
    client = session.client("cognito-idp")
    pool = _pool(client, pool)
    described = client.describe_user_pool(UserPoolId=pool)["UserPool"]
    _permit(session, function, "cognito-idp", described["Arn"])
    given = {key: described[key] for key in _OF_POOLS if described.get(key) not in (None, "", [])}
    triggers = {**described.get("LambdaConfig", {}), trigger: arn}
    client.update_user_pool(UserPoolId=pool, **given, LambdaConfig=triggers)


def _pool(client: Any, name: str) -> str:
    """The id of a user pool, given by its id or its name."""
    if re.fullmatch(r"[a-z]{2}-[a-z-]+-\d_\w+", name):
        return name
    pages = client.get_paginator("list_user_pools").paginate(MaxResults=60)
    found = [pool["Id"] for page in pages for pool in page["UserPools"] if pool["Name"] == name]
    if len(found) != 1:
        raise UsageError(f"--on cognito:{name}: there are {len(found)} user pools of this name")
    return str(found[0])


TRIGGERS = (
    "PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication", "CustomMessage",
    "PreTokenGeneration", "UserMigration", "DefineAuthChallenge", "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
)  # fmt: skip
_OF_POOLS = (
    "Policies", "DeletionProtection", "AutoVerifiedAttributes", "SmsVerificationMessage",
    "EmailVerificationMessage", "EmailVerificationSubject", "VerificationMessageTemplate",
    "SmsAuthenticationMessage", "UserAttributeUpdateSettings", "MfaConfiguration",
    "DeviceConfiguration", "EmailConfiguration", "SmsConfiguration", "AdminCreateUserConfig",
    "UserPoolAddOns", "AccountRecoverySetting",
)  # fmt: skip
"""What an update of a user pool resets unless it is given again."""


def _arn(function: str, service: str, resource: str) -> str:
    """The ARN of a resource in a function's Region and account."""
    _, partition, _, region, account = function.split(":")[:5]
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"


def _permit(session: Session, function: str, service: str, source: str) -> None:
    """Allow a service to invoke the function for one source."""
    lambda_ = session.client()
    statement = re.sub(r"\W", "-", f"lambda-nb-{service}-{source.split(':', 5)[5]}")
    try:
        lambda_.add_permission(
            FunctionName=function,
            StatementId=statement[:100],
            Action="lambda:InvokeFunction",
            Principal=f"{service}.amazonaws.com",
            SourceArn=source,
        )
    except lambda_.exceptions.ResourceConflictException:
        return  # already allowed


_KINDS: dict[str, Callable[[Session, str, str, str], None]] = {
    "sqs": _sqs,
    "dynamodb": _dynamodb,
    "kinesis": _kinesis,
    "s3": _s3,
    "sns": _sns,
    "logs": _logs,
    "iot": _iot,
    "eventbridge": _eventbridge,
    "alarm": _alarm,
    "cognito": _cognito,
}
