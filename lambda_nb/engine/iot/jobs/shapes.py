"""Executions as devices and event messages show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from lambda_nb.engine.iot.jobs.job import Job
from lambda_nb.rules.iot import job_executions
from lambda_nb.rules.iot.job_executions import IN_PROGRESS, QUEUED, Execution

Shape = dict[str, Any]

_SHOWN = 15  # executions in a ListNotification (jobs-comm-notifications, 2026)

_COUNTS = {
    "numberOfCanceledThings": job_executions.CANCELED,
    "numberOfSucceededThings": job_executions.SUCCEEDED,
    "numberOfFailedThings": job_executions.FAILED,
    "numberOfRejectedThings": job_executions.REJECTED,
    "numberOfQueuedThings": QUEUED,
    "numberOfInProgressThings": IN_PROGRESS,
    "numberOfRemovedThings": job_executions.REMOVED,
    "numberOfTimedOutThings": job_executions.TIMED_OUT,
}


def summary(one: Execution, unit_ms: int = 1000) -> Shape:
    """``JobExecutionSummary``. ``unit_ms`` is the unit of its times: seconds over MQTT."""
    shown: Shape = {
        "jobId": one.job,
        "queuedAt": one.queued_ms // unit_ms,
        "lastUpdatedAt": one.updated_ms // unit_ms,
    }
    if one.started_ms is not None:
        shown["startedAt"] = one.started_ms // unit_ms
    return shown | {"executionNumber": one.number, "versionNumber": one.version}


def execution(one: Execution, now_ms: int, unit_ms: int = 1000) -> Shape:
    """``JobExecution``, without its document."""
    shown: Shape = {"jobId": one.job, "status": one.status}
    if one.details:
        shown["statusDetails"] = dict(one.details)
    shown["queuedAt"] = one.queued_ms // unit_ms
    if one.started_ms is not None:
        shown["startedAt"] = one.started_ms // unit_ms
    shown["lastUpdatedAt"] = one.updated_ms // unit_ms
    left = one.seconds_left(now_ms)
    if left is not None:
        shown["approximateSecondsBeforeTimedOut"] = left
    return shown | {"versionNumber": one.version, "executionNumber": one.number}


def state(one: Execution) -> Shape:
    """``JobExecutionState``."""
    shown: Shape = {"status": one.status}
    if one.details:
        shown["statusDetails"] = dict(one.details)
    return shown | {"versionNumber": one.version}


def pending(listed: Sequence[Execution], unit_ms: int = 1000) -> tuple[list[Shape], list[Shape]]:
    """The summaries of those in progress, and of those that are queued."""
    running = [summary(one, unit_ms) for one in listed if one.status == IN_PROGRESS]
    return running, [summary(one, unit_ms) for one in listed if one.status == QUEUED]


def list_notification(listed: Sequence[Execution], now_ms: int) -> Shape:
    """What ``jobs/notify`` says."""
    running, queued = pending(listed[:_SHOWN])
    jobs = {IN_PROGRESS: running, QUEUED: queued}
    return {
        "timestamp": now_ms // 1000,
        "jobs": {status: some for status, some in jobs.items() if some},
    }


def counts(executions: Sequence[Execution]) -> Shape:
    """The counters of ``jobProcessDetails``: each thing by its latest execution."""
    latest = {one.thing: one.status for one in sorted(executions, key=lambda one: one.number)}
    found = Counter(latest.values())
    return {name: found[status] for name, status in _COUNTS.items()}


def job_event(job: Job, executions: Sequence[Execution], operation: str, now_ms: int) -> Shape:
    """What ``$aws/events/job/ID/OPERATION`` says, without ``eventId``."""
    said: Shape = {
        "eventType": "JOB",
        "timestamp": now_ms // 1000,
        "operation": operation,
        "jobId": job.id,
        "status": {
            "completed": "COMPLETED",
            "canceled": "CANCELED",
            "deleted": "DELETED",
        }.get(operation, operation.upper()),
        "targetSelection": job.selection,
        "targets": list(job.targets),
        "description": job.description,
        "completedAt": job.completed_ms if operation == "completed" else None,
        "createdAt": job.created_ms,
        "lastUpdatedAt": job.updated_ms,
        "comment": job.comment,
    }
    if operation == "completed":
        said["jobProcessDetails"] = counts(executions)
    return {name: value for name, value in said.items() if value is not None}


def execution_event(one: Execution, thing_arn: str, operation: str, now_ms: int) -> Shape:
    """What ``$aws/events/jobExecution/ID/OPERATION`` says, without ``eventId``."""
    return {
        "eventType": "JOB_EXECUTION",
        "timestamp": now_ms // 1000,
        "operation": operation,
        "jobId": one.job,
        "thingArn": thing_arn,
        "status": operation.upper(),
        "statusDetails": dict(one.details),
    }
