"""The resources of an application as constructs of the CDK."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.cdk.source import Code, call
from lambda_nb.exports.cdk.values import Values
from lambda_nb.exports.picture import Application, Resource

_TYPES = {"S": "STRING", "N": "NUMBER", "B": "BINARY"}


def resources(application: Application, values: Values) -> list[str]:
    """Statements that make all resources."""
    return [
        line
        for resource in application.resources.values()
        for line in _WRITERS[resource.kind](resource, values)
    ]


def _made(resource: Resource, values: Values, name: str, **named: Any) -> str:
    made = call(name, Code("self"), resource.id, **named)
    return f"{values.variable(resource.id)} = {made}"


def _seconds(told: dict[str, Any], name: str) -> Code | None:
    return call("Duration.seconds", told[name]) if name in told else None


def _queue(resource: Resource, values: Values) -> list[str]:
    told = resource.settings
    redrive = told.get("RedrivePolicy")
    dead = None
    if redrive is not None:
        queue = values.variable(redrive["deadLetters"])
        times = redrive["maxReceiveCount"]
        dead = call("sqs.DeadLetterQueue", queue=queue, max_receive_count=times)
    return [
        _made(
            resource,
            values,
            "sqs.Queue",
            queue_name=resource.name,
            visibility_timeout=_seconds(told, "VisibilityTimeout"),
            retention_period=_seconds(told, "MessageRetentionPeriod"),
            delivery_delay=_seconds(told, "DelaySeconds"),
            receive_message_wait_time=_seconds(told, "ReceiveMessageWaitTimeSeconds"),
            fifo=told.get("FifoQueue"),
            content_based_deduplication=told.get("ContentBasedDeduplication"),
            dead_letter_queue=dead,
        )
    ]


def _attribute(told: dict[str, Any], schema: list[dict[str, str]], kind: str) -> Code | None:
    name = next((key["AttributeName"] for key in schema if key["KeyType"] == kind), None)
    if name is None:
        return None
    types = {one["AttributeName"]: one["AttributeType"] for one in told["AttributeDefinitions"]}
    type_ = Code(f"dynamodb.AttributeType.{_TYPES[types[name]]}")
    return call("dynamodb.Attribute", name=name, type=type_)


def _table(resource: Resource, values: Values) -> list[str]:
    told = resource.settings
    on_demand = told["BillingMode"] == "PAY_PER_REQUEST"
    units = told.get("ProvisionedThroughput", {})
    view = told.get("StreamViewType")
    lines = [
        _made(
            resource,
            values,
            "dynamodb.Table",
            table_name=resource.name,
            partition_key=_attribute(told, told["KeySchema"], "HASH"),
            sort_key=_attribute(told, told["KeySchema"], "RANGE"),
            billing_mode=Code("dynamodb.BillingMode.PAY_PER_REQUEST") if on_demand else None,
            read_capacity=units.get("ReadCapacityUnits"),
            write_capacity=units.get("WriteCapacityUnits"),
            stream=Code(f"dynamodb.StreamViewType.{view}") if view else None,
            time_to_live_attribute=told.get("TimeToLive"),
        )
    ]
    table = values.variable(resource.id)
    for kind, method in (("Global", "global"), ("Local", "local")):
        for index in told.get(f"{kind}SecondaryIndexes", ()):
            keys = index["KeySchema"]
            projection = index["Projection"].get("ProjectionType", "ALL")
            partition = _attribute(told, keys, "HASH") if kind == "Global" else None
            lines.append(
                call(
                    f"{table}.add_{method}_secondary_index",
                    index_name=index["IndexName"],
                    partition_key=partition,
                    sort_key=_attribute(told, keys, "RANGE"),
                    projection_type=Code(f"dynamodb.ProjectionType.{projection}"),
                    non_key_attributes=index["Projection"].get("NonKeyAttributes"),
                )
            )
    return lines


def _stream(resource: Resource, values: Values) -> list[str]:
    told = resource.settings
    hours = told.get("RetentionPeriodHours")
    mode = None if "ShardCount" in told else Code("kinesis.StreamMode.ON_DEMAND")
    return [
        _made(
            resource,
            values,
            "kinesis.Stream",
            stream_name=resource.name,
            shard_count=told.get("ShardCount"),
            stream_mode=mode,
            retention_period=call("Duration.hours", hours) if hours else None,
        )
    ]


def _bucket(resource: Resource, values: Values) -> list[str]:
    versioned = resource.settings.get("Versioning")
    return [_made(resource, values, "s3.Bucket", bucket_name=resource.name, versioned=versioned)]


def _topic(resource: Resource, values: Values) -> list[str]:
    told = resource.settings
    deduplication = told.get("ContentBasedDeduplication")
    return [
        _made(
            resource,
            values,
            "sns.Topic",
            topic_name=resource.name,
            fifo=told.get("FifoTopic"),
            content_based_deduplication=deduplication,
        )
    ]


def _bus(resource: Resource, values: Values) -> list[str]:
    return [_made(resource, values, "events.EventBus", event_bus_name=resource.name)]


def _log_group(resource: Resource, values: Values) -> list[str]:
    # Without a word of it the CDK keeps logs for two years.
    name = _RETENTION[resource.settings.get("retentionInDays")]
    retention = Code(f"logs.RetentionDays.{name}")
    kept = resource.name
    return [_made(resource, values, "logs.LogGroup", log_group_name=kept, retention=retention)]


_RETENTION = {
    None: "INFINITE",
    1: "ONE_DAY", 3: "THREE_DAYS", 5: "FIVE_DAYS", 7: "ONE_WEEK", 14: "TWO_WEEKS",
    30: "ONE_MONTH", 60: "TWO_MONTHS", 90: "THREE_MONTHS", 120: "FOUR_MONTHS",
    150: "FIVE_MONTHS", 180: "SIX_MONTHS", 365: "ONE_YEAR", 400: "THIRTEEN_MONTHS",
    545: "EIGHTEEN_MONTHS", 731: "TWO_YEARS", 1096: "THREE_YEARS", 1827: "FIVE_YEARS",
    2192: "SIX_YEARS", 2557: "SEVEN_YEARS", 2922: "EIGHT_YEARS", 3288: "NINE_YEARS",
    3653: "TEN_YEARS",
}  # fmt: skip
"""The CDK's names of days (CloudWatch Logs API reference, PutRetentionPolicy)."""


def _http_api(resource: Resource, values: Values) -> list[str]:
    cors = resource.settings.get("Cors")
    preflight = None
    if cors:
        methods = [Code(f"apigwv2.CorsHttpMethod.{one}") for one in cors.get("AllowMethods", ())]
        methods = [Code(one.replace("*", "ANY")) for one in methods]
        age = cors.get("MaxAge")
        preflight = call(
            "apigwv2.CorsPreflightOptions",
            allow_origins=cors.get("AllowOrigins"),
            allow_methods=methods or None,
            allow_headers=cors.get("AllowHeaders"),
            expose_headers=cors.get("ExposeHeaders"),
            max_age=call("Duration.seconds", age) if age else None,
            allow_credentials=cors.get("AllowCredentials"),
        )
    name = resource.name
    api = _made(resource, values, "apigwv2.HttpApi", api_name=name, cors_preflight=preflight)
    address = Code(f"{values.variable(resource.id)}.api_endpoint")
    output = call("CfnOutput", Code("self"), f"{resource.id}Address", value=address)
    return [api, output]


def _rest_api(resource: Resource, values: Values) -> list[str]:
    return [
        _made(
            resource,
            values,
            "apigateway.RestApi",
            rest_api_name=resource.name,
            # It would be the setting of the account for all of its APIs.
            cloud_watch_role=False,
            deploy_options=call(
                "apigateway.StageOptions", stage_name=resource.settings["StageName"]
            ),
            binary_media_types=resource.settings.get("BinaryMediaTypes"),
        )
    ]


_WRITERS = {
    "queue": _queue,
    "table": _table,
    "stream": _stream,
    "bucket": _bucket,
    "topic": _topic,
    "bus": _bus,
    "log_group": _log_group,
    "http_api": _http_api,
    "rest_api": _rest_api,
}
