"""The actions ``kinesis`` and ``firehose``."""

from __future__ import annotations

import base64
import uuid
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
from lambda_nb.engine.iot.sql import to_payload

MOST_RECORDS = 500
"""Elements of an array that ``batchMode`` takes (kinesis-firehose-rule-action)."""

_SEPARATORS = {"\\n": "\n", "\\t": "\t", "\\r\\n": "\r\n"}


def _with_key(parameters: Parameters, result: Result) -> Parameters:
    return {**parameters, "partitionKey": parameters.get("partitionKey") or str(uuid.uuid4())}


async def _put_record(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    request = {
        "StreamName": parameters["streamName"],
        "PartitionKey": str(parameters["partitionKey"]),
        "Data": base64.b64encode(payload).decode(),
    }
    await call_json(surroundings, "kinesis", "PutRecord", request)


KINESIS = Kind(
    name="kinesis",
    label="KinesisAction",
    metric_type="Kinesis",
    failed="Failed to publish record to Kinesis stream",
    perform=_put_record,
    resource=lambda parameters: str(parameters["streamName"]),
    told=lambda parameters: {
        "Stream": str(parameters["streamName"]),
        "Partition Key": str(parameters.get("partitionKey")),
    },
    prepare=_with_key,
    service="kinesis",
)


def _as_records(parameters: Parameters, result: Result) -> Parameters:
    if not (parameters.get("batchMode") and isinstance(result.value, list)):
        return parameters
    if len(result.value) > MOST_RECORDS:
        raise ActionError(f"the array has {len(result.value)} records, more than {MOST_RECORDS}")
    parts = [to_payload(part).decode("utf-8", "replace") for part in result.value]
    return {**parameters, "_records": parts}


async def _deliver(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    given = str(parameters.get("separator") or "")
    separator = _SEPARATORS.get(given, given).encode()

    def record(data: bytes) -> dict[str, str]:
        return {"Data": base64.b64encode(data + separator).decode()}

    request: dict[str, Any] = {"DeliveryStreamName": parameters["deliveryStreamName"]}
    if "_records" not in parameters:
        await call_json(
            surroundings, "firehose", "PutRecord", {**request, "Record": record(payload)}
        )
        return
    if not parameters["_records"]:
        return
    records = [record(part.encode()) for part in parameters["_records"]]
    request["Records"] = records
    answer = await call_json(surroundings, "firehose", "PutRecordBatch", request)
    if answer.get("FailedPutCount"):
        refused = [one for one in answer["RequestResponses"] if one.get("ErrorCode")]
        why = f"{refused[0]['ErrorCode']}: {refused[0].get('ErrorMessage', '')}"
        raise ActionError(
            f"{len(refused)} of {len(records)} records were refused: {why}", "refused"
        )


FIREHOSE = Kind(
    name="firehose",
    label="FirehoseAction",
    metric_type="Firehose",
    failed="Failed to publish record to Firehose delivery stream",
    perform=_deliver,
    resource=lambda parameters: str(parameters["deliveryStreamName"]),
    told=lambda parameters: {"Stream": str(parameters["deliveryStreamName"])},
    prepare=_as_records,
    service="firehose",
)
