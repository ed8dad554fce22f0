"""Jobs with the things, groups and settings that the service iot really keeps, and with S3."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from engine_fixtures import Engine
from iot_sdk_devices import PATIENCE_S, QOS, SdkDevice


def eventually(look: Callable[[], Any], wanted: Any) -> None:
    """Wait until something is seen."""
    deadline = time.monotonic() + PATIENCE_S
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, f"{seen} is not {wanted}"
        time.sleep(0.05)


def statuses(engine: Engine, job: str) -> dict[str, str]:
    listed = engine.client("iot").list_job_executions_for_job(jobId=job)
    return {
        one["thingArn"].partition("/")[2]: one["jobExecutionSummary"]["status"]
        for one in listed["executionSummaries"]
    }


def test_a_continuous_job_follows_a_group(engine: Engine) -> None:
    iot = engine.client("iot")
    group, first, second = engine.name("group"), engine.name("thing"), engine.name("thing")
    arn = iot.create_thing_group(thingGroupName=group)["thingGroupArn"]
    inner = engine.name("group")
    iot.create_thing_group(thingGroupName=inner, parentGroupName=group)
    for thing in (first, second):
        iot.create_thing(thingName=thing)
    iot.add_thing_to_thing_group(thingGroupName=group, thingName=first)
    job = engine.name("job")
    iot.create_job(jobId=job, targets=[arn], document="{}", targetSelection="CONTINUOUS")
    assert statuses(engine, job) == {first: "QUEUED"}
    iot.add_thing_to_thing_group(thingGroupName=inner, thingName=second)
    eventually(lambda: statuses(engine, job), {first: "QUEUED", second: "QUEUED"})
    iot.remove_thing_from_thing_group(thingGroupName=group, thingName=first)
    eventually(lambda: statuses(engine, job), {first: "REMOVED", second: "QUEUED"})
    iot.delete_thing(thingName=second)
    eventually(lambda: statuses(engine, job), {first: "REMOVED", second: "REMOVED"})
    iot.delete_job(jobId=job, force=True)


def test_targets_that_are_not_there_are_refused(engine: Engine) -> None:
    iot = engine.client("iot")
    for kind in ("thing", "thinggroup"):
        arn = f"arn:aws:iot:{engine.region}:{engine.account}:{kind}/nobody"
        with pytest.raises(iot.exceptions.ResourceNotFoundException, match="nobody"):
            iot.create_job(jobId=engine.name("job"), targets=[arn], document="{}")


def test_tags_come_and_go_with_their_job(engine: Engine) -> None:
    iot, thing, job = engine.client("iot"), engine.name("thing"), engine.name("job")
    target = iot.create_thing(thingName=thing)["thingArn"]
    tags = [{"Key": "team", "Value": "blue"}]
    arn = iot.create_job(jobId=job, targets=[target], document="{}", tags=tags)["jobArn"]
    assert iot.list_tags_for_resource(resourceArn=arn)["tags"] == tags
    iot.delete_job(jobId=job, force=True)
    assert iot.list_tags_for_resource(resourceArn=arn)["tags"] == []


def test_a_job_comes_from_a_template(engine: Engine) -> None:
    iot, thing = engine.client("iot"), engine.name("thing")
    target = iot.create_thing(thingName=thing)["thingArn"]
    template = iot.create_job_template(
        jobTemplateId=engine.name("template"),
        description="reboot",
        document='{"do": "reboot"}',
        timeoutConfig={"inProgressTimeoutInMinutes": 3},
    )["jobTemplateArn"]
    job = engine.name("job")
    iot.create_job(jobId=job, targets=[target], jobTemplateArn=template)
    assert iot.get_job_document(jobId=job)["document"] == '{"do": "reboot"}'
    assert iot.describe_job(jobId=job)["job"]["description"] == "reboot"


def test_a_device_gets_a_document_from_s3_with_a_link_that_works(engine: Engine) -> None:
    iot, s3, thing = engine.client("iot"), engine.client("s3"), engine.name("thing")
    bucket = engine.name("firmware")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="new image.bin", Body=b"firmware")
    at = f"https://s3.{engine.region}.amazonaws.com/{bucket}"
    document = {"get": f"${{aws:iot:s3-presigned-url:{at}/new%20image.bin}}"}
    s3.put_object(Bucket=bucket, Key="job.json", Body=json.dumps(document).encode())
    job = engine.name("job")
    iot.create_job(
        jobId=job,
        targets=[iot.create_thing(thingName=thing)["thingArn"]],
        documentSource=f"{at}/job.json",
        presignedUrlConfig={"roleArn": "arn:aws:iam::000000000000:role/r", "expiresInSec": 60},
    )
    started = engine.client("iot-jobs-data").start_next_pending_job_execution(thingName=thing)
    link = json.loads(started["execution"]["jobDocument"])["get"]
    with urllib.request.urlopen(link, timeout=PATIENCE_S) as answer:
        assert answer.read() == b"firmware"


def test_event_messages_reach_subscribers_once_they_are_enabled(engine: Engine) -> None:
    iot, device = engine.client("iot"), SdkDevice(engine)
    connection = device.connect(topics=True)
    connection.subscribe("$aws/events/#", QOS)[0].result(PATIENCE_S)
    job, jobs = engine.name("job"), engine.client("iot-jobs-data")
    iot.update_event_configurations(
        eventConfigurations={"JOB": {"Enabled": True}, "JOB_EXECUTION": {"Enabled": True}}
    )
    try:
        iot.create_job(jobId=job, targets=[device.arn], document="{}")
        jobs.update_job_execution(jobId=job, thingName=device.name, status="SUCCEEDED")
        wanted = {
            f"$aws/events/jobExecution/{job}/succeeded",
            f"$aws/events/job/{job}/completed",
        }
        seen: set[str] = set()
        while not wanted <= seen:
            seen.add(device.next(str))
    finally:
        iot.update_event_configurations(
            eventConfigurations={"JOB": {"Enabled": False}, "JOB_EXECUTION": {"Enabled": False}}
        )
        device.close()
