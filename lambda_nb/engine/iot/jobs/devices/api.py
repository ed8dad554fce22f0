"""The API ``iot-jobs-data``: what devices ask by HTTP."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.iot.jobs import shapes
from lambda_nb.engine.iot.jobs.devices.operations import DeviceJobs
from lambda_nb.engine.iot.jobs.errors import of_job
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.iot.job_executions import Execution, JobError

_MS = 1
"""Times are in milliseconds here: the guide says seconds, but the AWS CLI's examples have the
digits of milliseconds."""


class DeviceApi:
    """The operations by AWS's names.

    Parameters
    ----------
    jobs
        What devices ask for.
    """

    def __init__(self, jobs: DeviceJobs) -> None:
        self._jobs = jobs

    def operations(self) -> dict[str, Operation]:
        """The handlers by AWS's names."""
        return {
            "GetPendingJobExecutions": self._pending,
            "StartNextPendingJobExecution": self._start_next,
            "DescribeJobExecution": self._describe,
            "UpdateJobExecution": self._update,
        }

    def _pending(self, request: Request, caller: Caller) -> Response:
        running, queued = shapes.pending(self._jobs.pending(request["thingName"]), _MS)
        return {"inProgressJobs": running, "queuedJobs": queued}

    async def _start_next(self, request: Request, caller: Caller) -> Response:
        try:
            one = await self._jobs.start_next(request["thingName"], request)
            return self._shown(one, with_document=True)
        except JobError as error:
            raise of_job(error) from error

    def _describe(self, request: Request, caller: Caller) -> Response:
        try:
            one = self._jobs.describe(request["thingName"], request["jobId"], request)
            return self._shown(one, with_document=request.get("includeJobDocument", True))
        except JobError as error:
            raise of_job(error) from error

    async def _update(self, request: Request, caller: Caller) -> Response:
        try:
            after = await self._jobs.update(request["thingName"], request["jobId"], request)
            answer: dict[str, Any] = {}
            if request.get("includeJobExecutionState"):
                answer["executionState"] = shapes.state(after)
            if request.get("includeJobDocument"):
                answer["jobDocument"] = self._jobs.document(after)
        except JobError as error:
            raise of_job(error) from error
        return answer

    def _shown(self, one: Execution | None, *, with_document: bool) -> Response:
        if one is None:
            return {}
        shown = shapes.execution(one, self._jobs.now_ms(), _MS)
        shown["thingName"] = one.thing
        if with_document:
            shown["jobDocument"] = self._jobs.document(one)
        return {"execution": shown}
