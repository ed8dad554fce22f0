"""Sends what could not be delivered to a target's dead-letter queue."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.eventbridge.targets.errors import DeliveryError
from lambda_nb.engine.neighbours.services.eventbridge.targets.jobs import SCHEDULE, Job


def send(job: Job, error: DeliveryError, exhausted: str | None) -> bool:
    """Send a dead letter; returns whether the target has a queue for them.

    Raises
    ------
    Exception
        Whatever SQS raises, as when the queue does not exist.
    """
    arn = (job.target.get("DeadLetterConfig") or {}).get("Arn")
    if not arn:
        return False
    from moto.sqs.models import sqs_backends

    _, _, _, region, account, name = arn.split(":", 5)
    attributes: dict[str, str] = {
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": error.message or error.code,
        "RETRY_ATTEMPTS": str(max(0, job.tries - 1)),
        "TARGET_ARN": job.arn,
        **({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {}),
    }
    if job.source == SCHEDULE:
        attributes |= {
            "SCHEDULE_ARN": job.origin,
            "SCHEDULED_TIME": job.scheduled,
            "EXECUTION_ID": job.execution_id,
            "IS_PAYLOAD_TRUNCATED": "false",
        }
    else:
        attributes["RULE_ARN"] = job.origin
    told: dict[str, Any] = {
        name: {"DataType": "String", "StringValue": value}
        for name, value in sorted(attributes.items())
    }
    body = job.told if job.source == SCHEDULE else job.whole_event
    sqs_backends[account][region].send_message(name, body, message_attributes=told)
    return True
