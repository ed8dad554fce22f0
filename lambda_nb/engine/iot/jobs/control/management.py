"""What is done with jobs from outside: create, change, cancel, delete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambda_nb.engine.iot.jobs import documents, settling
from lambda_nb.engine.iot.jobs.control import settings
from lambda_nb.engine.iot.jobs.devices.operations import check_id
from lambda_nb.engine.iot.jobs.job import CONTINUOUS, SCHEDULED, SNAPSHOT, Job
from lambda_nb.engine.iot.jobs.ledger import Ledger
from lambda_nb.engine.iot.jobs.registry import Registry
from lambda_nb.engine.iot.jobs.rollout import roll_out
from lambda_nb.engine.model import FetchObject
from lambda_nb.rules.iot import job_executions
from lambda_nb.rules.iot.job_executions import IN_PROGRESS, JobError

Given = Mapping[str, Any]


class Management:
    """The operations of the control plane that change something.

    Parameters
    ----------
    ledger
        The Region's jobs.
    registry
        Its things.
    fetch_object
        Reads job documents from S3.
    """

    def __init__(self, ledger: Ledger, registry: Registry, fetch_object: FetchObject) -> None:
        self._ledger = ledger
        self._registry = registry
        self._fetch = fetch_object

    async def create(self, given: Given) -> Job:
        """CreateJob.

        Raises
        ------
        JobError
            The request is not valid, or there is such a job.
        """
        job_id = given["jobId"]
        check_id(job_id)
        self._check_unused(job_id)
        settings.check_support(given)
        template: dict[str, Any] = {}
        if given.get("jobTemplateArn"):
            template = await self._registry.template(given["jobTemplateArn"])
        config = {
            name: given.get(name) or template.get(name)
            for name in (*settings.CONFIGURATIONS, "schedulingConfig", "jobTemplateArn")
            if given.get(name) or template.get(name)
        }
        settings.check(config)
        targets = tuple(dict.fromkeys(given["targets"]))
        await self._check_targets(targets)
        source = given.get("documentSource") or template.get("documentSource")
        document = given.get("document") or template.get("document")
        if given.get("document") and given.get("documentSource"):
            raise JobError("InvalidRequest", "A job has a document or a documentSource, not both.")
        if not document and not source:
            raise JobError(
                "InvalidRequest", "A job needs a document, a documentSource or a template."
            )
        if not document:
            document = await documents.fetch(self._fetch, str(source))
        documents.check(
            document, config.get("presignedUrlConfig"), can_presign=self._ledger.can_presign
        )
        things = await self._registry.things(targets)
        arn = self._ledger.arn(f"job/{job_id}")
        if given.get("tags"):
            await self._registry.tag(arn, given["tags"])
        self._check_unused(job_id)  # somebody may have come first, meanwhile
        now = self._ledger.now_ms()
        start_ms, end_ms = settings.schedule(config, now)
        job = Job(
            job_id,
            arn,
            targets,
            document,
            now,
            now,
            selection=given.get("targetSelection") or SNAPSHOT,
            source=source if not given.get("document") else None,
            description=given.get("description") or template.get("description"),
            settings=config,
            waiting=tuple(sorted(things)),
            start_ms=start_ms,
            end_ms=end_ms,
        )
        if start_ms is not None and start_ms > now:
            job = replace(job, status=SCHEDULED, waiting=())
            await self._ledger.change([job])
        else:
            job, executions = roll_out(job, [], now)
            await self._ledger.change([job], executions)
        return job

    async def associate(self, job_id: str, targets: list[str], comment: str | None) -> Job:
        """AssociateTargetsWithJob: more targets for a continuous job.

        Raises
        ------
        JobError
            There is no such job, or it takes no targets.
        """
        job = self._ledger.job(job_id)
        if job.selection != CONTINUOUS or job.status != IN_PROGRESS:
            text = "Targets can be associated with continuous jobs that are in progress."
            raise JobError("InvalidRequest", text)
        await self._check_targets(targets)
        things = await self._registry.things(targets)
        job = self._ledger.job(job_id)
        known = self._ledger.store.things_of(job_id) | set(job.waiting)
        now = self._ledger.now_ms()
        job = replace(
            job,
            targets=tuple(dict.fromkeys([*job.targets, *targets])),
            comment=comment or job.comment,
            updated_ms=now,
            waiting=(*job.waiting, *sorted(things - known)),
        )
        job, executions = roll_out(job, self._ledger.store.of_job(job_id), now)
        await self._ledger.change([job], executions)
        return job

    async def update(self, job_id: str, given: Given) -> None:
        """UpdateJob.

        Raises
        ------
        JobError
            There is no such job, it has ended, or the request is not valid.
        """
        job = self._ledger.job(job_id)
        if not job.is_active:
            raise JobError("InvalidRequest", f"Job {job_id} is {job.status}.")
        config = {name: given[name] for name in settings.CONFIGURATIONS if given.get(name)}
        settings.check(config)
        await self._ledger.change(
            [
                replace(
                    job,
                    settings={**job.settings, **config},
                    description=given.get("description") or job.description,
                    updated_ms=self._ledger.now_ms(),
                )
            ]
        )

    async def cancel(
        self, job_id: str, *, force: bool, reason: str | None, comment: str | None
    ) -> Job:
        """CancelJob.

        Raises
        ------
        JobError
            There is no such job, or it has ended.
        """
        job = self._ledger.job(job_id)
        executions = self._ledger.store.of_job(job_id)
        now = self._ledger.now_ms()
        if not job.is_active and not (force and any(one.is_pending for one in executions)):
            raise JobError(
                "InvalidRequest", f"Job {job_id} is {job.status} and cannot be canceled."
            )
        job, stopped = settling.cancel(
            job, executions, now, force=force, reason=reason, comment=comment
        )
        await self._ledger.change([job], stopped)
        return job

    async def delete(self, job_id: str, *, force: bool) -> None:
        """DeleteJob.

        Raises
        ------
        JobError
            There is no such job, or it is in progress and ``force`` is not given.
        """
        job = self._ledger.job(job_id)
        if job.is_active and not force:
            text = f"Job {job_id} is {job.status}: cancel it, or delete it by force."
            raise JobError("InvalidStateTransition", text)
        gone = self._ledger.store.of_job(job_id)
        await self._ledger.change(gone=gone, gone_job=job)
        await self._registry.forget_tags(job.arn)

    async def cancel_execution(
        self,
        job_id: str,
        thing: str,
        *,
        force: bool,
        expected_version: int | None,
        details: dict[str, str] | None,
    ) -> None:
        """CancelJobExecution.

        Raises
        ------
        JobError
            There is no such execution, or its state or version forbids it.
        """
        self._ledger.job(job_id)
        one = self._ledger.execution(job_id, thing)
        job_executions.check_details(details)
        job_executions.check_version(one, expected_version)
        if not one.is_pending or (one.status == IN_PROGRESS and not force):
            text = f"The job execution is {one.status}, and cannot be canceled."
            raise JobError("InvalidStateTransition", text, one)
        ended = job_executions.end(
            one,
            job_executions.CANCELED,
            self._ledger.now_ms(),
            forced=force,
            details=details,
        )
        await self._ledger.change(executions=[ended])

    async def delete_execution(self, job_id: str, thing: str, number: int, *, force: bool) -> None:
        """DeleteJobExecution.

        Raises
        ------
        JobError
            There is no such execution, or it is in progress and ``force`` is not given.
        """
        job = self._ledger.job(job_id)
        one = self._ledger.execution(job_id, thing, number)
        if one.status == IN_PROGRESS and not force:
            text = "The job execution is IN_PROGRESS: delete it by force."
            raise JobError("InvalidStateTransition", text, one)
        await self._ledger.change(gone=[one])
        await self._ledger.change([job])

    def _check_unused(self, job_id: str) -> None:
        if self._ledger.store.job(job_id) is not None:
            raise JobError("ResourceAlreadyExists", f"Job {job_id} already exists.")

    async def _check_targets(self, targets: Any) -> None:
        if not targets:
            raise JobError("InvalidRequest", "A job has at least one target.")
        for target in targets:
            if (
                not target.partition(":iot:")[2]
                .split(":", 2)[-1]
                .startswith(("thing/", "thinggroup/"))
            ):
                raise JobError("InvalidRequest", f"Invalid target ARN: {target}")
        missing = await self._registry.missing(targets)
        if missing:
            raise JobError("ResourceNotFound", f"Targets not found: {', '.join(missing)}")
