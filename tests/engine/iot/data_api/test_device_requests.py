"""Devices ask by HTTPS, with a certificate and no signature."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from iot_jobs_lab import jobs_lab
from iot_memory_broker import MemoryBroker
from iot_requests import Got, ask

from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.iot.data_api.device_door import DeviceHttpDoor
from lambda_nb.engine.iot.data_api.device_requests import DeviceRequests
from lambda_nb.engine.iot.message import Sender
from lambda_nb.engine.iot.mqtt.admission import Attempt, Refused
from lambda_nb.engine.iot.shadows.shadows import Shadows

CERTIFICATE = b"the certificate"


class MemoryAdmission:
    """Allows what a test sets, to who shows the certificate."""

    def __init__(self) -> None:
        self.allowed: set[tuple[str, str]] = set()
        self.asked: list[tuple[str, str]] = []

    async def allows(self, attempt: Attempt, action: str, resource: str) -> Sender | Refused:
        """Whether the device may do something."""
        assert attempt.protocol == "http"
        self.asked.append((action, resource))
        if attempt.certificate_der == CERTIFICATE and (action, resource) in self.allowed:
            return Sender("", "certificate-id", attempt.source_ip)
        return Refused("not_authorized", "no")


@pytest.fixture
def admission() -> MemoryAdmission:
    return MemoryAdmission()


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
async def door(
    tmp_path: Path, admission: MemoryAdmission, broker: MemoryBroker
) -> AsyncIterator[DeviceHttpDoor]:
    shadows = Shadows(broker, tmp_path / "shadows.sqlite")
    await shadows.start()
    async with jobs_lab(tmp_path) as lab:
        await lab.create("job")
        requests = DeviceRequests(admission, "000000000000", "eu-west-1", broker, shadows, lab.jobs)

        async def of_region(_: HttpRequest) -> DeviceRequests:
            return requests

        yield DeviceHttpDoor(of_region)
    await shadows.close()


async def device(door: DeviceHttpDoor, method: str, path: str, body: bytes = b"") -> Got:
    return await ask(door, method, path, body, certificate=CERTIFICATE)


async def test_publishing(
    door: DeviceHttpDoor, admission: MemoryAdmission, broker: MemoryBroker
) -> None:
    refused = await device(door, "POST", "/topics/room/1?qos=1", b"hot")
    assert (refused.status, refused.headers["x-amzn-errortype"]) == (403, "ForbiddenException")
    assert (refused.json["message"], set(refused.json)) == ("Forbidden", {"message", "traceId"})
    assert broker.topics.messages == []
    admission.allowed = {("iot:Publish", "topic/room/1")}
    got = await device(door, "POST", "/topics/room%2F1?qos=1", b"hot")
    assert (got.status, got.json["message"]) == (200, "OK")
    (message,) = broker.topics.messages
    assert message.sender is not None
    assert (message.topic, message.payload, message.qos, message.sender.principal) == (
        "room/1",
        b"hot",
        1,
        "certificate-id",
    )


async def test_retaining_needs_a_permission_of_its_own(
    door: DeviceHttpDoor, admission: MemoryAdmission, broker: MemoryBroker
) -> None:
    admission.allowed = {("iot:Publish", "topic/a")}
    assert (await device(door, "POST", "/topics/a?retain=true")).status == 403
    admission.allowed |= {("iot:RetainPublish", "topic/a"), ("iot:GetRetainedMessage", "topic/a")}
    assert (await device(door, "POST", "/topics/a?retain=true", b"x")).status == 200
    assert (await device(door, "GET", "/retainedMessage/a")).json["payload"] == "eA=="


async def test_shadows(door: DeviceHttpDoor, admission: MemoryAdmission) -> None:
    admission.allowed = {
        ("iot:UpdateThingShadow", "thing/lamp/limits"),
        ("iot:GetThingShadow", "thing/lamp/limits"),
        ("iot:DeleteThingShadow", "thing/lamp/limits"),
        ("iot:ListNamedShadowsForThing", "*"),
    }
    path, document = "/things/lamp/shadow?name=limits", b'{"state":{"reported":{"a":1}}}'
    assert (await device(door, "POST", path, document)).json["version"] == 1
    got = await device(door, "GET", path)
    assert (got.headers["content-type"], got.json["state"]) == (
        "application/json",
        {"reported": {"a": 1}},
    )
    listed = await device(door, "GET", "/api/things/shadow/ListNamedShadowsForThing/lamp")
    assert listed.json["results"] == ["limits"]
    assert (await device(door, "GET", "/things/lamp/shadow")).status == 403
    assert (await device(door, "DELETE", path)).status == 200
    gone = await device(door, "GET", path)
    assert (gone.status, gone.json["message"]) == (
        404,
        "No shadow exists with name: 'lamp~limits'",
    )


async def test_jobs(door: DeviceHttpDoor, admission: MemoryAdmission) -> None:
    for name in (
        "DescribeJobExecution",
        "GetPendingJobExecutions",
        "StartNextPendingJobExecution",
        "UpdateJobExecution",
    ):
        admission.allowed.add((f"iotjobsdata:{name}", "thing/lamp"))
    assert len((await device(door, "GET", "/things/lamp/jobs")).json["queuedJobs"]) == 1
    started = await device(door, "PUT", "/things/lamp/jobs/$next", b"{}")
    assert started.json["execution"]["status"] == "IN_PROGRESS"
    described = await device(door, "GET", "/things/lamp/jobs/job?includeJobDocument=false")
    assert "jobDocument" not in described.json["execution"]
    update = json.dumps({"status": "SUCCEEDED", "includeJobExecutionState": True}).encode()
    done = await device(door, "POST", "/things/lamp/jobs/job", update)
    assert done.json["executionState"]["status"] == "SUCCEEDED"
    assert (await device(door, "GET", "/things/fan/jobs")).status == 403


async def test_what_devices_do_not_do(door: DeviceHttpDoor) -> None:
    assert (await device(door, "DELETE", "/topics/a")).status == 404
    assert (await device(door, "POST", "/topics/a", b"x" * 131_073)).status == 413


@pytest.mark.parametrize(
    ("request_", "taken"),
    [
        ({"path": "/topics/a", "certificate": CERTIFICATE}, True),
        ({"path": "/topics/a"}, False),
        ({"path": "/bucket/key", "certificate": CERTIFICATE}, False),
        ({"path": "/topics/a", "headers": {"x-amz-customauthorizer-name": "mine"}}, True),
        ({"path": "/topics/a", "query": "x-amz-customauthorizer-name=mine"}, True),
        (
            {
                "path": "/topics/a",
                "certificate": CERTIFICATE,
                "headers": {
                    "authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/"
                    "eu-west-1/iotdata/aws4_request, SignedHeaders=host, Signature=00"
                },
            },
            False,
        ),
    ],
)
async def test_whose_requests_are_taken(
    door: DeviceHttpDoor, request_: dict[str, Any], taken: bool
) -> None:
    request = HttpRequest(
        "POST",
        request_["path"],
        request_.get("query", ""),
        request_.get("headers", {}),
        None,  # type: ignore[arg-type]
        certificate=request_.get("certificate"),
    )
    assert door.takes(request) is taken
