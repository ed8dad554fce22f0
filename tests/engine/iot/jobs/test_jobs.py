"""Jobs from creation to their end: rollouts, timers, retries, aborts, groups, both APIs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from iot_jobs_lab import ARN, NOW, Lab, jobs_lab

from lambda_nb.engine.errors import AWSError

GROUP = f"{ARN}:thinggroup/all"


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with jobs_lab(tmp_path) as made:
        yield made


async def update(lab: Lab, job: str, thing: str, status: str, **given: Any) -> None:
    await lab.ask("UpdateJobExecution", jobId=job, thingName=thing, status=status, **given)


async def refused(lab: Lab, name: str, **given: Any) -> tuple[str, int]:
    with pytest.raises(AWSError) as caught:
        await lab.call(name, **given)
    return caught.value.code, caught.value.status


async def test_what_is_created_is_described(lab: Lab) -> None:
    answer = await lab.create(
        "job", "lamp", "fan", description="about", timeoutConfig={"inProgressTimeoutInMinutes": 5}
    )
    assert answer == {"jobArn": f"{ARN}:job/job", "jobId": "job", "description": "about"}
    await update(lab, "job", "fan", "SUCCEEDED")
    job = (await lab.call("DescribeJob", jobId="job"))["job"]
    assert (job["status"], job["targetSelection"], job["isConcurrent"]) == (
        "IN_PROGRESS",
        "SNAPSHOT",
        False,
    )
    assert job["targets"] == [f"{ARN}:thing/lamp", f"{ARN}:thing/fan"]
    counts = {name: count for name, count in job["jobProcessDetails"].items() if count}
    assert counts == {"numberOfQueuedThings": 1, "numberOfSucceededThings": 1}
    assert job["createdAt"].timestamp() == NOW
    document = await lab.call("GetJobDocument", jobId="job")
    assert document == {"document": '{"do": "it"}'}
    described = await lab.call("DescribeJobExecution", jobId="job", thingName="fan")
    execution = described["execution"]
    assert (execution["status"], execution["versionNumber"]) == ("SUCCEEDED", 2)
    assert execution["thingArn"] == f"{ARN}:thing/fan"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"document": None}, "InvalidRequestException"),
        ({"document": "no json"}, "InvalidRequestException"),
        ({"document": '"' + "x" * 32_768 + '"'}, "InvalidRequestException"),
        ({"document": '{"a": "${aws:iot:parameter:x}"}'}, "InvalidRequestException"),
        ({"documentParameters": {"a": "b"}}, "InvalidRequestException"),
        ({"documentSource": "https://s3.eu-west-1.amazonaws.com/b/k"}, "InvalidRequestException"),
        ({"jobTemplateArn": f"{ARN}:jobtemplate/none"}, "ResourceNotFoundException"),
        ({"namespaceId": "greengrass"}, "InvalidRequestException"),
        ({"schedulingConfig": {"endBehavior": "CANCEL"}}, "InvalidRequestException"),
        ({"schedulingConfig": {"startTime": "yesterday"}}, "InvalidRequestException"),
        ({"targets": []}, "InvalidRequestException"),
        ({"targets": [f"{ARN}:rule/x"]}, "InvalidRequestException"),
        ({"targets": [f"{ARN}:thing/nobody"]}, "ResourceNotFoundException"),
        ({"timeoutConfig": {"inProgressTimeoutInMinutes": 0}}, "InvalidRequestException"),
        (
            {
                "jobExecutionsRetryConfig": {
                    "criteriaList": [{"failureType": "ALL", "numberOfRetries": 11}]
                }
            },
            "InvalidRequestException",
        ),
    ],
)
async def test_jobs_that_are_refused(lab: Lab, given: dict[str, Any], code: str) -> None:
    with pytest.raises(AWSError) as caught:
        await lab.create("job", **given)
    assert caught.value.code == code
    assert (await lab.call("ListJobs"))["jobs"] == []


async def test_a_job_is_made_once(lab: Lab) -> None:
    await lab.create("job")
    with pytest.raises(AWSError) as caught:
        await lab.create("job")
    assert (caught.value.code, caught.value.status) == ("ResourceAlreadyExistsException", 409)
    assert (await lab.statuses("job")) == {"lamp": "QUEUED"}


async def test_documents_come_from_s3_and_from_templates(lab: Lab) -> None:
    source = "https://firmware.s3.eu-west-1.amazonaws.com/new/job.json"
    await lab.create("stored", document=None, documentSource=source)
    assert (await lab.call("GetJobDocument", jobId="stored"))["document"] == '{"from": "s3"}'
    assert (await lab.call("DescribeJob", jobId="stored"))["documentSource"] == source
    with pytest.raises(AWSError, match="NoSuchKey"):
        await lab.create("gone", document=None, documentSource=f"{source}x")
    template = f"{ARN}:jobtemplate/reboot"
    lab.registry.templates[template] = {
        "document": '{"from": "template"}',
        "description": "reboot",
        "timeoutConfig": {"inProgressTimeoutInMinutes": 7},
    }
    await lab.create("made", document=None, jobTemplateArn=template)
    assert (await lab.call("GetJobDocument", jobId="made"))["document"] == '{"from": "template"}'
    job = (await lab.call("DescribeJob", jobId="made"))["job"]
    assert job["timeoutConfig"] == {"inProgressTimeoutInMinutes": 7}


async def test_devices_get_links_in_the_place_of_placeholders(lab: Lab) -> None:
    url = "https://s3.eu-west-1.amazonaws.com/firmware/new/image.bin"
    document = f'{{"get": "${{aws:iot:s3-presigned-url:{url}}}"}}'
    with pytest.raises(AWSError, match="roleArn"):
        await lab.create("job", document=document)
    await lab.create(
        "job",
        document=document,
        presignedUrlConfig={"roleArn": "arn:aws:iam::000000000000:role/r", "expiresInSec": 60},
    )
    answer = await lab.ask("StartNextPendingJobExecution", thingName="lamp")
    link = "http://here/firmware/new/image.bin?expires=60"
    assert answer["execution"]["jobDocument"] == f'{{"get": "{link}"}}'
    assert (await lab.call("GetJobDocument", jobId="job"))["document"] == document


async def test_an_execution_times_out(lab: Lab) -> None:
    await lab.create("job", timeoutConfig={"inProgressTimeoutInMinutes": 5})
    await lab.ask("StartNextPendingJobExecution", thingName="lamp", stepTimeoutInMinutes=9)
    lab.now += 299
    await lab.jobs.upkeep.tick()
    assert await lab.statuses("job") == {"lamp": "IN_PROGRESS"}
    lab.now += 1
    lab.topics.take()
    await lab.jobs.upkeep.tick()
    assert await lab.statuses("job") == {"lamp": "TIMED_OUT"}
    assert await lab.status("job") == "COMPLETED"
    assert [topic.rpartition("/")[2] for topic, _ in lab.topics.take()] == [
        "notify",
        "notify-next",
    ]


async def test_upkeep_wakes_up_by_itself(lab: Lab) -> None:
    """The task, on the real clock: a timer that has ended while nobody looked."""
    await lab.create("job", timeoutConfig={"inProgressTimeoutInMinutes": 1})
    await lab.ask("StartNextPendingJobExecution", thingName="lamp")
    lab.now += 60
    lab.jobs.upkeep.start()
    lab.registry.known -= {"lamp"}
    for _ in range(500):
        if await lab.statuses("job") == {"lamp": "TIMED_OUT"}:
            break
        await asyncio.sleep(0.01)
    assert await lab.statuses("job") == {"lamp": "TIMED_OUT"}
    await lab.jobs.upkeep.close()


async def test_failures_are_retried(lab: Lab) -> None:
    retry = {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 1}]}
    await lab.create("job", jobExecutionsRetryConfig=retry)
    await update(lab, "job", "lamp", "FAILED")
    pending = await lab.ask("GetPendingJobExecutions", thingName="lamp")
    assert [one["executionNumber"] for one in pending["queuedJobs"]] == [2]
    assert await lab.status("job") == "IN_PROGRESS"
    await update(lab, "job", "lamp", "FAILED")
    assert await lab.status("job") == "COMPLETED"
    listed = await lab.call("ListJobExecutionsForThing", thingName="lamp")
    attempts = [
        (one["jobExecutionSummary"]["executionNumber"], one["jobExecutionSummary"]["retryAttempt"])
        for one in listed["executionSummaries"]
    ]
    assert attempts == [(1, 0), (2, 1)]
    counts = (await lab.call("DescribeJob", jobId="job"))["job"]["jobProcessDetails"]
    assert counts["numberOfFailedThings"] == 1


async def test_too_many_failures_abort_the_job(lab: Lab) -> None:
    abort = {
        "criteriaList": [
            {
                "failureType": "REJECTED",
                "action": "CANCEL",
                "thresholdPercentage": 100.0,
                "minNumberOfExecutedThings": 1,
            }
        ]
    }
    await lab.create("job", "lamp", "fan", "door", abortConfig=abort)
    await lab.ask("StartNextPendingJobExecution", thingName="door")
    await update(lab, "job", "lamp", "REJECTED")
    assert await lab.statuses("job") == {
        "lamp": "REJECTED",
        "fan": "CANCELED",
        "door": "IN_PROGRESS",
    }
    assert await lab.status("job") == "CANCELED"
    await update(lab, "job", "door", "SUCCEEDED")
    assert (await lab.statuses("job"))["door"] == "SUCCEEDED"


async def test_canceling(lab: Lab) -> None:
    await lab.create("job", "lamp", "fan")
    await lab.ask("StartNextPendingJobExecution", thingName="lamp")
    await lab.call("CancelJob", jobId="job", reasonCode="WHY", comment="because")
    assert await lab.statuses("job") == {"lamp": "IN_PROGRESS", "fan": "CANCELED"}
    job = (await lab.call("DescribeJob", jobId="job"))["job"]
    assert (job["status"], job["reasonCode"], job["comment"]) == ("CANCELED", "WHY", "because")
    assert await refused(lab, "CancelJob", jobId="job") == ("InvalidRequestException", 400)
    await lab.call("CancelJob", jobId="job", force=True)
    assert await lab.statuses("job") == {"lamp": "CANCELED", "fan": "CANCELED"}
    with pytest.raises(AWSError) as caught:
        await update(lab, "job", "lamp", "SUCCEEDED")
    assert caught.value.code == "InvalidStateTransitionException"
    described = await lab.call("DescribeJobExecution", jobId="job", thingName="lamp")
    assert described["execution"]["forceCanceled"] is True


async def test_canceling_one_execution(lab: Lab) -> None:
    await lab.create("job", "lamp", "fan")
    await lab.ask("StartNextPendingJobExecution", thingName="lamp")
    asked = {"jobId": "job", "thingName": "lamp"}
    assert await refused(lab, "CancelJobExecution", **asked) == (
        "InvalidStateTransitionException",
        409,
    )
    assert await refused(lab, "CancelJobExecution", **asked, force=True, expectedVersion=1) == (
        "VersionConflictException",
        409,
    )
    await lab.call("CancelJobExecution", **asked, force=True, statusDetails={"why": "because"})
    assert await lab.statuses("job") == {"lamp": "CANCELED", "fan": "QUEUED"}
    await lab.call("CancelJobExecution", jobId="job", thingName="fan")
    assert await lab.status("job") == "COMPLETED"


async def test_deleting(lab: Lab) -> None:
    await lab.create("job", "lamp", "fan")
    assert await refused(lab, "DeleteJob", jobId="job") == ("InvalidStateTransitionException", 409)
    lab.topics.take()
    await lab.call("DeleteJob", jobId="job", force=True)
    assert await refused(lab, "DescribeJob", jobId="job") == ("ResourceNotFoundException", 404)
    assert ("$aws/things/lamp/jobs/notify", {"timestamp": NOW, "jobs": {}}) in lab.topics.take()
    await lab.create("job", "lamp")
    await lab.ask("StartNextPendingJobExecution", thingName="lamp")
    one = {"jobId": "job", "thingName": "lamp", "executionNumber": 1}
    assert await refused(lab, "DeleteJobExecution", **one) == (
        "InvalidStateTransitionException",
        409,
    )
    await lab.call("DeleteJobExecution", **one, force=True)
    assert await lab.statuses("job") == {}
    assert await lab.status("job") == "COMPLETED"


async def test_a_rollout_takes_its_time(lab: Lab) -> None:
    await lab.create(
        "job", "lamp", "fan", "door", jobExecutionsRolloutConfig={"maximumPerMinute": 2}
    )
    assert await lab.statuses("job") == {"door": "QUEUED", "fan": "QUEUED"}
    job = (await lab.call("DescribeJob", jobId="job"))["job"]
    assert job["isConcurrent"] is True
    await update(lab, "job", "door", "SUCCEEDED")
    await update(lab, "job", "fan", "SUCCEEDED")
    assert await lab.status("job") == "IN_PROGRESS"
    lab.now += 59
    await lab.jobs.upkeep.tick()
    assert len(await lab.statuses("job")) == 2
    assert lab.jobs.upkeep._due_ms() == (NOW + 60) * 1000
    lab.now += 1
    await lab.jobs.upkeep.tick()
    assert (await lab.statuses("job"))["lamp"] == "QUEUED"


async def test_a_scheduled_job_starts_and_ends(lab: Lab) -> None:
    await lab.create(
        "job",
        "lamp",
        "fan",
        schedulingConfig={
            "startTime": "2023-11-15 00:00",  # NOW is 2023-11-14T22:13:20Z
            "endTime": "2023-11-15T01:00Z",
            "endBehavior": "FORCE_CANCEL",
        },
    )
    assert await lab.status("job") == "SCHEDULED"
    assert await lab.statuses("job") == {}
    start = NOW + 6400
    assert lab.jobs.upkeep._due_ms() == start * 1000
    lab.now = start
    await lab.jobs.upkeep.tick()
    assert await lab.status("job") == "IN_PROGRESS"
    await lab.ask("StartNextPendingJobExecution", thingName="lamp")
    lab.now = start + 3600
    await lab.jobs.upkeep.tick()
    assert await lab.statuses("job") == {"lamp": "CANCELED", "fan": "CANCELED"}
    assert await lab.status("job") == "COMPLETED"
    await lab.jobs.upkeep.tick()


async def test_a_continuous_job_follows_its_group(lab: Lab) -> None:
    lab.registry.groups["all"] = {"lamp"}
    await lab.create("job", targets=[GROUP], targetSelection="CONTINUOUS")
    assert await lab.statuses("job") == {"lamp": "QUEUED"}
    lab.registry.groups["all"] = {"fan"}
    await lab.jobs.upkeep.reconcile()
    assert await lab.statuses("job") == {"lamp": "REMOVED", "fan": "QUEUED"}
    await update(lab, "job", "fan", "SUCCEEDED")
    assert await lab.status("job") == "IN_PROGRESS"
    lab.registry.groups["all"] = {"fan", "lamp"}
    await lab.jobs.upkeep.reconcile()
    assert await lab.statuses("job") == {"lamp": "QUEUED", "fan": "SUCCEEDED"}
    await lab.call("AssociateTargetsWithJob", jobId="job", targets=[f"{ARN}:thing/door"])
    assert (await lab.statuses("job"))["door"] == "QUEUED"


async def test_a_snapshot_of_a_group_stays_as_it_is_but_for_things_that_are_gone(lab: Lab) -> None:
    lab.registry.groups["all"] = {"lamp", "fan"}
    await lab.create("job", targets=[GROUP])
    lab.registry.groups["all"] = {"lamp", "fan", "door"}
    lab.registry.known -= {"fan"}
    await lab.jobs.upkeep.reconcile()
    assert await lab.statuses("job") == {"lamp": "QUEUED", "fan": "REMOVED"}


async def test_changing_a_job(lab: Lab) -> None:
    await lab.create("job")
    await lab.call(
        "UpdateJob",
        jobId="job",
        description="new",
        timeoutConfig={"inProgressTimeoutInMinutes": 3},
    )
    job = (await lab.call("DescribeJob", jobId="job"))["job"]
    assert (job["description"], job["timeoutConfig"]) == (
        "new",
        {"inProgressTimeoutInMinutes": 3},
    )
    answer = await lab.ask("StartNextPendingJobExecution", thingName="lamp")
    assert answer["execution"]["approximateSecondsBeforeTimedOut"] == 180


async def test_listing(lab: Lab) -> None:
    lab.registry.groups["all"] = {"lamp"}
    for number in range(3):
        lab.now += 1
        await lab.create(f"job{number}", targets=[GROUP if number == 1 else f"{ARN}:thing/lamp"])
    await lab.call("CancelJob", jobId="job0")
    first = await lab.call("ListJobs", maxResults=2)
    assert [job["jobId"] for job in first["jobs"]] == ["job2", "job1"]
    rest = await lab.call("ListJobs", maxResults=2, nextToken=first["nextToken"])
    assert ([job["jobId"] for job in rest["jobs"]], rest["nextToken"]) == (["job0"], None)
    canceled = await lab.call("ListJobs", status="CANCELED")
    assert [job["jobId"] for job in canceled["jobs"]] == ["job0"]
    of_group = await lab.call("ListJobs", thingGroupName="all")
    assert [job["jobId"] for job in of_group["jobs"]] == ["job1"]
    queued = await lab.call("ListJobExecutionsForThing", thingName="lamp", status="QUEUED")
    assert [one["jobId"] for one in queued["executionSummaries"]] == ["job1", "job2"]


async def test_event_messages_are_sent_when_they_are_enabled(lab: Lab) -> None:
    await lab.create("quiet")
    await update(lab, "quiet", "lamp", "SUCCEEDED")
    assert lab.topics.said("$aws/events/") == []
    lab.registry.enabled = {"JOB", "JOB_EXECUTION"}
    await lab.create("job", "lamp", "fan", description="about")
    await update(lab, "job", "lamp", "SUCCEEDED", statusDetails={"a": "1"})
    await lab.call("CancelJob", jobId="job", comment="enough")
    await lab.call("DeleteJob", jobId="job")
    told = lab.topics.said("$aws/events/")
    assert [topic.removeprefix("$aws/events/") for topic, _ in told] == [
        "jobExecution/job/succeeded",
        "job/job/cancellation_in_progress",
        "job/job/canceled",
        "jobExecution/job/canceled",
        "job/job/deletion_in_progress",
        "job/job/deleted",
        "jobExecution/job/deleted",
        "jobExecution/job/deleted",
    ]
    succeeded, canceled = told[0][1], told[2][1]
    assert succeeded.pop("eventId") != canceled.pop("eventId")
    assert succeeded == {
        "eventType": "JOB_EXECUTION",
        "timestamp": NOW,
        "operation": "succeeded",
        "jobId": "job",
        "thingArn": f"{ARN}:thing/lamp",
        "status": "SUCCEEDED",
        "statusDetails": {"a": "1"},
    }
    assert canceled == {
        "eventType": "JOB",
        "timestamp": NOW,
        "operation": "canceled",
        "jobId": "job",
        "status": "CANCELED",
        "targetSelection": "SNAPSHOT",
        "targets": [f"{ARN}:thing/lamp", f"{ARN}:thing/fan"],
        "description": "about",
        "createdAt": NOW * 1000,
        "lastUpdatedAt": NOW * 1000,
        "comment": "enough",
    }


async def test_a_completed_job_says_how_its_things_did(lab: Lab) -> None:
    lab.registry.enabled = {"JOB"}
    await lab.create("job")
    await update(lab, "job", "lamp", "SUCCEEDED")
    ((topic, said),) = lab.topics.said("$aws/events/")
    assert topic == "$aws/events/job/job/completed"
    assert said["completedAt"] == NOW * 1000
    assert said["jobProcessDetails"]["numberOfSucceededThings"] == 1


async def test_the_data_plane_by_http(lab: Lab) -> None:
    await lab.create("job")
    answer = await lab.ask("StartNextPendingJobExecution", thingName="lamp")
    assert answer["execution"] == {
        "jobId": "job",
        "thingName": "lamp",
        "status": "IN_PROGRESS",
        "queuedAt": NOW * 1000,
        "startedAt": NOW * 1000,
        "lastUpdatedAt": NOW * 1000,
        "versionNumber": 2,
        "executionNumber": 1,
        "jobDocument": '{"do": "it"}',
    }
    pending = await lab.ask("GetPendingJobExecutions", thingName="lamp")
    assert [one["jobId"] for one in pending["inProgressJobs"]] == ["job"]
    described = await lab.ask(
        "DescribeJobExecution", thingName="lamp", jobId="$next", includeJobDocument=False
    )
    assert "jobDocument" not in described["execution"]
    done = await lab.ask(
        "UpdateJobExecution",
        thingName="lamp",
        jobId="job",
        status="SUCCEEDED",
        includeJobExecutionState=True,
        includeJobDocument=True,
    )
    assert done == {
        "executionState": {"status": "SUCCEEDED", "versionNumber": 3},
        "jobDocument": '{"do": "it"}',
    }
    with pytest.raises(AWSError) as caught:
        await lab.ask("DescribeJobExecution", thingName="lamp", jobId="job")
    assert (caught.value.code, caught.value.status) == ("TerminalStateException", 410)


async def test_everything_outlasts_the_service(lab: Lab) -> None:
    await lab.create("job", "lamp", "fan", jobExecutionsRolloutConfig={"maximumPerMinute": 1})
    await lab.ask("StartNextPendingJobExecution", thingName="fan", statusDetails={"a": "1"})
    before = [await lab.call(name, jobId="job") for name in ("DescribeJob", "GetJobDocument")]
    listed = await lab.call("ListJobExecutionsForJob", jobId="job")
    lab.jobs._store.close()
    lab.open()
    assert before == [await lab.call(n, jobId="job") for n in ("DescribeJob", "GetJobDocument")]
    assert await lab.call("ListJobExecutionsForJob", jobId="job") == listed
    await update(lab, "job", "fan", "SUCCEEDED", expectedVersion=2)
    lab.now += 60
    await lab.jobs.upkeep.tick()
    assert await lab.statuses("job") == {"fan": "SUCCEEDED", "lamp": "QUEUED"}
