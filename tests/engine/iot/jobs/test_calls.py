"""Calls to the service iot: those about jobs are answered, all others are left to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from iot_jobs_lab import ARN, CALLER, Lab, jobs_lab

from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.iot.jobs.control.calls import JobCalls
from lambda_nb.engine.model import Operation


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with jobs_lab(tmp_path) as made:
        yield made


async def ask(lab: Lab, method: str, path: str, body: bytes = b"", query: str = "") -> Reply | None:
    async def operations(region: str) -> Mapping[str, Operation]:
        assert region == "eu-west-1"
        return lab.jobs.control_operations()

    call = WatchedCall("eu-west-1", method, "", {}, path, query, {}, body)
    return await JobCalls(operations, CALLER).asked(call)


async def test_a_job_is_made_described_and_deleted(lab: Lab) -> None:
    asked = json.dumps({"targets": [f"{ARN}:thing/lamp"], "document": "{}"}).encode()
    made = await ask(lab, "PUT", "/jobs/job", asked)
    assert made is not None
    assert json.loads(made.body) == {"jobArn": f"{ARN}:job/job", "jobId": "job"}
    described = await ask(lab, "GET", "/jobs/job")
    assert described is not None
    assert json.loads(described.body)["job"]["status"] == "IN_PROGRESS"
    listed = await ask(lab, "GET", "/things/lamp/jobs")
    assert listed is not None
    assert len(json.loads(listed.body)["executionSummaries"]) == 1
    gone = await ask(lab, "DELETE", "/jobs/job", query="force=true")
    assert (gone is not None and gone.status, gone is not None and gone.body) == (200, b"")


async def test_errors_have_their_code_in_a_header(lab: Lab) -> None:
    got = await ask(lab, "GET", "/jobs/none")
    assert got is not None
    assert (got.status, json.loads(got.body)) == (404, {"message": "Job none not found."})
    assert (b"x-amzn-ErrorType", b"ResourceNotFoundException") in got.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/job-templates/t"),
        ("GET", "/things/lamp"),
        ("GET", "/things/lamp/principals"),
        ("POST", "/rules/jobs"),
        ("PATCH", "/jobs"),
    ],
)
async def test_other_calls_are_left_alone(lab: Lab, method: str, path: str) -> None:
    assert await ask(lab, method, path) is None
