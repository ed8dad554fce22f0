"""Sends one payload to one target: how each service takes it."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.neighbours.services.eventbridge.targets.errors import (
    INVALID_JSON,
    NO_RESOURCE,
    DeliveryError,
)
from lambda_nb.engine.neighbours.services.eventbridge.targets.jobs import SCHEDULE, Job
from lambda_nb.rules.events.eventbridge.input_transformation import at_path

Send = Callable[[Job], None]
SERVICES = (
    "lambda", "sqs", "sns", "kinesis", "firehose", "states", "logs", "events", "execute-api",
)  # fmt: skip
"""Services, as in ARNs, that rules deliver to here."""


class Senders:
    """Sends jobs, each by its target's service.

    Parameters
    ----------
    to_function
        Sends to a function: source, ARN, payload.
    others
        What sends to event buses, API destinations, APIs and universal targets, by the name
        in :meth:`kind`.
    """

    def __init__(
        self, to_function: Callable[[str, str, str], None], others: Mapping[str, Send]
    ) -> None:
        self._to_function = to_function
        self._senders: dict[str, Send] = {
            "lambda": self._lambda,
            "sqs": _to_queue,
            "sns": _to_topic,
            "kinesis": _to_stream,
            "firehose": _to_firehose,
            "states": _to_state_machine,
            "logs": _to_log_group,
            **others,
        }

    def __call__(self, job: Job) -> None:
        """Send one job.

        Raises
        ------
        DeliveryError
            The target did not take it.
        Exception
            Whatever a service of moto raises.
        """
        sender = self._senders.get(kind(job.arn))
        if sender is None:
            raise DeliveryError(NO_RESOURCE, f"Nothing delivers to {job.arn} here.", retry=False)
        sender(job)

    def _lambda(self, job: Job) -> None:
        _json(job)
        self._to_function(job.source, job.arn, job.told)


def kind(arn: str) -> str:
    """Which sender an ARN needs: its service, or ``api-destination``."""
    parts = arn.split(":", 5)
    if parts[2] == "events" and parts[-1].startswith("api-destination/"):
        return "api-destination"
    return parts[2]


def _json(job: Job) -> Any:
    """The payload's value, for targets that need JSON."""
    try:
        return json.loads(job.told)
    except ValueError as error:
        raise DeliveryError(
            INVALID_JSON, f"The input is not valid JSON: {error}", retry=False
        ) from error


def _to_queue(job: Job) -> None:
    from moto.sqs.models import sqs_backends

    _, _, _, region, account, name = job.arn.split(":", 5)
    group = (job.target.get("SqsParameters") or {}).get("MessageGroupId")
    traced: dict[str, Any] = {}
    if job.trace:
        value = {"StringValue": job.trace, "DataType": "String"}
        traced["system_attributes"] = {"AWSTraceHeader": value}
    sqs_backends[account][region].send_message(name, job.told, group_id=group, **traced)


def _to_topic(job: Job) -> None:
    from moto.sns.models import sns_backends

    _, _, _, region, account, _ = job.arn.split(":", 5)
    sns_backends[account][region].publish(message=job.told, arn=job.arn)


def _to_stream(job: Job) -> None:
    from moto.kinesis.models import kinesis_backends

    _, _, _, region, account, _ = job.arn.split(":", 5)
    kinesis_backends[account][region].put_record(
        stream_arn=job.arn,
        stream_name=job.arn.rpartition("/")[2],
        partition_key=_partition_key(job),
        explicit_hash_key="",
        data=base64.b64encode(job.told.encode()).decode(),
    )


def _partition_key(job: Job) -> str:
    """As configured; by default the event's id (API reference, KinesisParameters)."""
    parameters = job.target.get("KinesisParameters") or {}
    if job.source == SCHEDULE:
        return str(parameters.get("PartitionKey") or job.identifier)
    event = json.loads(job.whole_event)
    found = at_path(parameters.get("PartitionKeyPath") or "$.id", event)
    key = found if isinstance(found, str) else json.dumps(found)
    return key[:256] if found not in (None, "") else str(event.get("id") or uuid.uuid4())


def _to_firehose(job: Job) -> None:
    from moto.firehose.models import firehose_backends

    _, _, _, region, account, _ = job.arn.split(":", 5)
    record = {"Data": job.told.encode()}
    firehose_backends[account][region].put_record(job.arn.rpartition("/")[2], record)


def _to_state_machine(job: Job) -> None:
    from moto.stepfunctions import responses

    _json(job)
    _, _, _, region, account, _ = job.arn.split(":", 5)
    event = json.loads(job.whole_event)
    begin = event.get("id") if isinstance(event, dict) else None
    name = f"{begin or job.origin.rpartition('/')[2]}_{job.identifier}"[-80:]
    backend: Any = responses.get_backend(account, region)
    backend.start_execution(job.arn, name, job.told)


def _to_log_group(job: Job) -> None:
    from moto.logs.models import logs_backends

    _, _, _, region, account, name = job.arn.split(":", 5)
    group = name.removeprefix("log-group:").removesuffix(":*")
    backend: Any = logs_backends[account][region]
    stream = job.identifier
    if group not in backend.groups:
        text = "The specified log group does not exist."
        raise DeliveryError(NO_RESOURCE, text, retry=False)
    if stream not in backend.groups[group].streams:
        backend.create_log_stream(group, stream)
    at, message = job.accepted, job.told
    if job.target.get("InputTransformer"):  # it must make an object with both (User Guide)
        told = _json(job)
        if isinstance(told, dict) and "message" in told:
            message = (
                told["message"] if isinstance(told["message"], str) else json.dumps(told["message"])
            )
            at = _moment(told.get("timestamp"), at)
    else:
        event = json.loads(job.whole_event)
        at = _moment(event.get("time") if isinstance(event, dict) else None, at)
    backend.put_log_events(group, stream, [{"timestamp": int(at * 1000), "message": message}])


def _moment(told: Any, otherwise: float) -> float:
    """A time as seconds since 1970, from ISO 8601 or from milliseconds."""
    if isinstance(told, (int, float)):
        return told / 1000
    if isinstance(told, str):
        try:
            moment = datetime.fromisoformat(told.replace("Z", "+00:00"))
        except ValueError:
            return otherwise
        return moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()
    return otherwise
