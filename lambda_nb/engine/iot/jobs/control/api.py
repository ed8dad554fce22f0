"""The operations of the API ``iot`` on jobs."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.iot.jobs import shapes
from lambda_nb.engine.iot.jobs.control.management import Management
from lambda_nb.engine.iot.jobs.errors import of_job
from lambda_nb.engine.iot.jobs.job import Job
from lambda_nb.engine.iot.jobs.ledger import Ledger
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.iot.job_executions import Execution, JobError

_LARGEST_PAGE = 250  # botocore's model, LaserMaxResults

Handler = Callable[[Request], "Response | Awaitable[Response]"]


class ControlApi:
    """The operations by AWS's names.

    Parameters
    ----------
    ledger
        The Region's jobs.
    management
        Changes them.
    """

    def __init__(self, ledger: Ledger, management: Management) -> None:
        self._ledger = ledger
        self._management = management

    def operations(self) -> dict[str, Operation]:
        """The handlers by AWS's names."""
        handlers: dict[str, Handler] = {
            "CreateJob": self._create,
            "DescribeJob": self._describe,
            "ListJobs": self._list,
            "UpdateJob": self._update,
            "AssociateTargetsWithJob": self._associate,
            "CancelJob": self._cancel,
            "DeleteJob": self._delete,
            "GetJobDocument": self._document,
            "DescribeJobExecution": self._describe_execution,
            "CancelJobExecution": self._cancel_execution,
            "DeleteJobExecution": self._delete_execution,
            "ListJobExecutionsForJob": self._list_for_job,
            "ListJobExecutionsForThing": self._list_for_thing,
        }
        return {name: _with_errors(handler) for name, handler in handlers.items()}

    async def _create(self, request: Request) -> Response:
        return _named(await self._management.create(request))

    async def _associate(self, request: Request) -> Response:
        comment = request.get("comment")
        job_id = request["jobId"]
        return _named(await self._management.associate(job_id, request["targets"], comment))

    async def _update(self, request: Request) -> Response:
        await self._management.update(request["jobId"], request)
        return {}

    async def _cancel(self, request: Request) -> Response:
        job = await self._management.cancel(
            request["jobId"],
            force=request.get("force", False),
            reason=request.get("reasonCode"),
            comment=request.get("comment"),
        )
        return _named(job)

    async def _delete(self, request: Request) -> Response:
        await self._management.delete(request["jobId"], force=request.get("force", False))
        return {}

    def _document(self, request: Request) -> Response:
        return {"document": self._ledger.job(request["jobId"]).document}

    def _describe(self, request: Request) -> Response:
        job = self._ledger.job(request["jobId"])
        counts = shapes.counts(self._ledger.store.of_job(job.id))
        shown = {
            **_summary(job),
            "targets": list(job.targets),
            "description": job.description,
            "forceCanceled": job.forced or None,
            "reasonCode": job.reason,
            "comment": job.comment,
            "jobProcessDetails": {
                "processingTargets": list(job.targets) if job.waiting else None,
                **counts,
            },
            "presignedUrlConfig": {},
            "jobExecutionsRolloutConfig": {},
            "timeoutConfig": {},
            **job.settings,
        }
        return {"documentSource": job.source, "job": shown}

    def _list(self, request: Request) -> Response:
        jobs = self._ledger.store.jobs()
        if request.get("status"):
            jobs = [job for job in jobs if job.status == request["status"]]
        if request.get("targetSelection"):
            jobs = [job for job in jobs if job.selection == request["targetSelection"]]
        if request.get("thingGroupName"):
            group = f"thinggroup/{request['thingGroupName']}"
            jobs = [job for job in jobs if any(t.endswith(f":{group}") for t in job.targets)]
        return _page("jobs", [_summary(job) for job in jobs], request)

    def _describe_execution(self, request: Request) -> Response:
        self._ledger.job(request["jobId"])
        one = self._ledger.execution(
            request["jobId"], request["thingName"], request.get("executionNumber")
        )
        return {
            "execution": {
                "jobId": one.job,
                "status": one.status,
                "forceCanceled": one.forced or None,
                "statusDetails": {"detailsMap": dict(one.details)},
                "thingArn": self._ledger.arn(f"thing/{one.thing}"),
                **_times(one),
                "executionNumber": one.number,
                "versionNumber": one.version,
                "approximateSecondsBeforeTimedOut": one.seconds_left(self._ledger.now_ms()),
            }
        }

    async def _cancel_execution(self, request: Request) -> Response:
        await self._management.cancel_execution(
            request["jobId"],
            request["thingName"],
            force=request.get("force", False),
            expected_version=request.get("expectedVersion"),
            details=request.get("statusDetails"),
        )
        return {}

    async def _delete_execution(self, request: Request) -> Response:
        await self._management.delete_execution(
            request["jobId"],
            request["thingName"],
            request["executionNumber"],
            force=request.get("force", False),
        )
        return {}

    def _list_for_job(self, request: Request) -> Response:
        self._ledger.job(request["jobId"])
        listed = _with_status(self._ledger.store.of_job(request["jobId"]), request)
        shown = [
            {
                "thingArn": self._ledger.arn(f"thing/{one.thing}"),
                "jobExecutionSummary": _execution_summary(one),
            }
            for one in listed
        ]
        return _page("executionSummaries", shown, request)

    def _list_for_thing(self, request: Request) -> Response:
        listed = _with_status(self._ledger.store.of_thing(request["thingName"]), request)
        if request.get("jobId"):
            listed = [one for one in listed if one.job == request["jobId"]]
        shown = [
            {"jobId": one.job, "jobExecutionSummary": _execution_summary(one)} for one in listed
        ]
        return _page("executionSummaries", shown, request)


def _with_errors(handler: Handler) -> Operation:
    async def operation(request: Request, caller: Caller) -> Response:
        try:
            answer = handler(request)
            return await answer if inspect.isawaitable(answer) else answer
        except JobError as error:
            raise of_job(error) from error

    return operation


def _named(job: Job) -> Response:
    return {"jobArn": job.arn, "jobId": job.id, "description": job.description}


def _summary(job: Job) -> dict[str, Any]:
    return {
        "jobArn": job.arn,
        "jobId": job.id,
        "targetSelection": job.selection,
        "status": job.status,
        "createdAt": _time(job.created_ms),
        "lastUpdatedAt": _time(job.updated_ms),
        "completedAt": _time(job.completed_ms),
        "isConcurrent": bool(job.waiting),
    }


def _execution_summary(one: Execution) -> dict[str, Any]:
    return {
        "status": one.status,
        **_times(one),
        "executionNumber": one.number,
        "retryAttempt": one.attempt,
    }


def _times(one: Execution) -> dict[str, Any]:
    return {
        "queuedAt": _time(one.queued_ms),
        "startedAt": _time(one.started_ms),
        "lastUpdatedAt": _time(one.updated_ms),
    }


def _time(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, timezone.utc)


def _with_status(listed: Sequence[Execution], request: Request) -> list[Execution]:
    status = request.get("status")
    return [one for one in listed if status is None or one.status == status]


def _page(member: str, items: list[dict[str, Any]], request: Request) -> Response:
    token, size = request.get("nextToken"), request.get("maxResults") or _LARGEST_PAGE
    if not 1 <= size <= _LARGEST_PAGE:
        raise JobError("InvalidRequest", f"maxResults is from 1 to {_LARGEST_PAGE}, not {size}.")
    if token is not None and not token.isdecimal():
        raise JobError("InvalidRequest", f"Invalid nextToken: {token}")
    start = int(token or 0)
    more = start + size < len(items)
    return {
        member: items[start : start + size],
        "nextToken": str(start + size) if more else None,
    }
