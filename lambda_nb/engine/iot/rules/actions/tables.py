"""The actions ``dynamoDB``, ``dynamoDBv2`` and ``timestream``: what a message says, in a table."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lambda_nb.engine.iot.rules.actions.action import (
    ActionError,
    Kind,
    Origin,
    Parameters,
    Result,
)
from lambda_nb.engine.iot.rules.actions.service_calls import call_json
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.iot.sql import UNDEFINED, to_payload

_OPERATIONS = ("INSERT", "UPDATE", "DELETE")
_KEY_TYPES = {"STRING": "S", "NUMBER": "N"}


def attribute(value: Any) -> dict[str, Any]:
    """A value of JSON as DynamoDB's API has it.

    Examples
    --------
    >>> attribute({"a": [1, "x", None, True]})
    {'M': {'a': {'L': [{'N': '1'}, {'S': 'x'}, {'NULL': True}, {'BOOL': True}]}}}
    """
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float, Decimal)):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {"M": attributes(value)}
    if isinstance(value, (list, tuple)):
        return {"L": [attribute(inner) for inner in value if inner is not UNDEFINED]}
    return {"S": str(value)}


def attributes(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an object, each as DynamoDB's API has it; Undefined ones are left out."""
    return {name: attribute(value) for name, value in members.items() if value is not UNDEFINED}


def _keys(parameters: Parameters) -> dict[str, Any]:
    keys = {}
    for which in ("hash", "range"):
        field = parameters.get(f"{which}KeyField")
        value = parameters.get(f"{which}KeyValue")
        if not field or value is None:
            continue
        given = str(parameters.get(f"{which}KeyType") or "STRING").upper()
        if given not in _KEY_TYPES:
            raise ActionError(f"{which}KeyType is STRING or NUMBER, not {given!r}")
        keys[str(field)] = {_KEY_TYPES[given]: str(value)}
    return keys


def _item(parameters: Parameters, result: Result) -> Parameters:
    operation = str(parameters.get("operation") or "INSERT").upper()
    if operation not in _OPERATIONS:
        raise ActionError(f"operation is INSERT, UPDATE or DELETE, not {operation!r}")
    column = str(parameters.get("payloadField") or "payload")
    keys = _keys(parameters)
    written = {} if operation == "DELETE" else {column: attribute(result.value)}
    json_too = "false" if result.is_binary else "true"
    return {**parameters, "operation": operation, "_keys": keys, "_w": written, "_json": json_too}


async def _write(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    request: dict[str, Any] = {"TableName": parameters["tableName"]}
    if parameters["operation"] == "INSERT":
        request["Item"] = {**parameters["_w"], **parameters["_keys"]}
        await call_json(surroundings, "dynamodb", "PutItem", request)
        return
    request["Key"] = parameters["_keys"]
    if parameters["operation"] == "DELETE":
        await call_json(surroundings, "dynamodb", "DeleteItem", request)
        return
    ((column, value),) = parameters["_w"].items()
    request["UpdateExpression"] = "SET #payload = :payload"
    request["ExpressionAttributeNames"] = {"#payload": column}
    request["ExpressionAttributeValues"] = {":payload": value}
    await call_json(surroundings, "dynamodb", "UpdateItem", request)


def _told_of_item(parameters: Parameters) -> dict[str, str]:
    return {
        "Table": str(parameters["tableName"]),
        "HashKeyField": str(parameters["hashKeyField"]),
        "HashKeyValue": str(parameters["hashKeyValue"]),
        "RangeKeyField": str(parameters.get("rangeKeyField")),
        "RangeKeyValue": str(parameters.get("rangeKeyValue")),
    }


def _logged_of_item(parameters: Parameters) -> dict[str, str]:
    return {
        "ItemHashKeyField": str(parameters["hashKeyField"]),
        "Table": str(parameters["tableName"]),
        "Operation": str(parameters.get("operation") or "INSERT").capitalize(),
        "ItemHashKeyValue": str(parameters["hashKeyValue"]),
        "IsPayloadJSON": str(parameters.get("_json")),
    }


DYNAMODB = Kind(
    name="dynamoDB",
    label="DynamoAction",
    metric_type="DynamoDB",
    failed="Dynamo Insert record failed",
    perform=_write,
    resource=lambda parameters: str(parameters["tableName"]),
    told=_told_of_item,
    logged=_logged_of_item,
    prepare=_item,
    service="dynamodb",
)


def _columns(parameters: Parameters, result: Result) -> Parameters:
    if not isinstance(result.value, Mapping):
        raise ActionError("the result of the rule's query is no JSON object, so it has no columns")
    return {
        "tableName": parameters["putItem"]["tableName"],
        "_item": attributes(result.value),
    }


async def _put(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    request = {"TableName": parameters["tableName"], "Item": parameters["_item"]}
    await call_json(surroundings, "dynamodb", "PutItem", request)


def _table(parameters: Parameters) -> str:
    return str(parameters.get("tableName") or parameters["putItem"]["tableName"])


DYNAMODB_V2 = Kind(
    name="dynamoDBv2",
    label="DynamoDBv2Action",
    metric_type="DynamoDBv2",
    failed="Dynamo Insert record failed",
    perform=_put,
    resource=_table,
    told=lambda parameters: {"Table": _table(parameters)},
    prepare=_columns,
    service="dynamodb",
)


def _measure(name: str, value: Any) -> dict[str, str]:
    """A measure's record; types as "Timestream record content" has them."""
    kind, text = "VARCHAR", str(value)
    if isinstance(value, bool):
        kind, text = "BOOLEAN", "true" if value else "false"
    elif isinstance(value, int):
        kind = "BIGINT"
    elif isinstance(value, (float, Decimal)):
        kind = "DOUBLE"
    elif not isinstance(value, str):
        text = to_payload(value).decode("utf-8", "replace")
    return {"MeasureName": name, "MeasureValue": text, "MeasureValueType": kind}


def _records(parameters: Parameters, result: Result) -> Parameters:
    if not isinstance(result.value, Mapping) or not result.value:
        raise ActionError("the result of the rule's query is no JSON object with a measure in it")
    stamp = parameters.get("timestamp") or {}
    at = str(stamp.get("value") or time.time_ns() // 1_000_000)
    unit = str(stamp.get("unit") or "MILLISECONDS")
    common = {
        "Dimensions": [
            {"Name": one["name"], "Value": str(one["value"])} for one in parameters["dimensions"]
        ],
        "Time": at,
        "TimeUnit": unit,
    }
    measures = [
        _measure(str(name), value) for name, value in result.value.items() if value is not UNDEFINED
    ]
    return {**parameters, "_common": common, "_measures": measures}


async def _record(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    request = {
        "DatabaseName": parameters["databaseName"],
        "TableName": parameters["tableName"],
        "CommonAttributes": parameters["_common"],
        "Records": parameters["_measures"],
    }
    await call_json(surroundings, "timestream-write", "WriteRecords", request)


TIMESTREAM = Kind(
    name="timestream",
    label="TimestreamAction",
    metric_type="Timestream",
    failed="Failed to write records to Timestream",
    perform=_record,
    resource=lambda parameters: f"{parameters['databaseName']}/{parameters['tableName']}",
    told=lambda parameters: {
        "Database": str(parameters["databaseName"]),
        "Table": str(parameters["tableName"]),
    },
    prepare=_records,
    service="timestream-write",
)
