"""Devices ask for their jobs on topics. What is expected is from AWS's guide and SDK samples."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from iot_jobs_lab import NOW, Lab, jobs_lab

from lambda_nb.engine.iot.jobs.devices.topics import DeviceTopics
from lambda_nb.engine.iot.message import Message, Sender

LAMP = "$aws/things/lamp/jobs"


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with jobs_lab(tmp_path) as made:
        yield made


async def ask(lab: Lab, topic: str, document: Any = None) -> tuple[str, Any]:
    """Publish a request; the one answer to it."""
    lab.topics.messages.clear()
    await lab.topics.say(f"{LAMP}/{topic}", document)
    answers = [said for said in lab.topics.take() if said[0].endswith(("/accepted", "/rejected"))]
    assert len(answers) == 1, answers
    return answers[0][0].removeprefix(f"{LAMP}/{topic}/"), answers[0][1]


async def test_a_device_works_off_its_jobs(lab: Lab) -> None:
    """The walk through AWS's sample of jobs, with its very messages."""
    assert await ask(lab, "get", {"clientToken": "t"}) == (
        "accepted",
        {"clientToken": "t", "timestamp": NOW, "inProgressJobs": [], "queuedJobs": []},
    )
    await lab.create("Job1", document='{"ToDo": "Reboot"}')
    one = {"jobId": "Job1", "queuedAt": NOW, "lastUpdatedAt": NOW}
    numbers = {"executionNumber": 1, "versionNumber": 1}
    assert lab.topics.take() == [
        (f"{LAMP}/notify", {"timestamp": NOW, "jobs": {"QUEUED": [{**one, **numbers}]}}),
        (
            f"{LAMP}/notify-next",
            {
                "timestamp": NOW,
                "execution": {
                    **one,
                    **numbers,
                    "status": "QUEUED",
                    "jobDocument": {"ToDo": "Reboot"},
                },
            },
        ),
    ]
    lab.now += 1
    await lab.create("Job2", document='{"ToDo": "Delete"}')
    two = {
        "jobId": "Job2",
        "queuedAt": NOW + 1,
        "lastUpdatedAt": NOW + 1,
        "executionNumber": 1,
        "versionNumber": 1,
    }
    assert lab.topics.take() == [
        (f"{LAMP}/notify", {"timestamp": NOW + 1, "jobs": {"QUEUED": [{**one, **numbers}, two]}})
    ]
    lab.now += 9
    started = {**one, "startedAt": NOW + 10, "lastUpdatedAt": NOW + 10, "versionNumber": 2}
    assert await ask(lab, "start-next", {"clientToken": "u"}) == (
        "accepted",
        {
            "clientToken": "u",
            "timestamp": NOW + 10,
            "execution": {
                **started,
                "executionNumber": 1,
                "status": "IN_PROGRESS",
                "jobDocument": {"ToDo": "Reboot"},
            },
        },
    )
    assert await ask(lab, "get") == (
        "accepted",
        {
            "timestamp": NOW + 10,
            "inProgressJobs": [{**started, "executionNumber": 1}],
            "queuedJobs": [two],
        },
    )
    await lab.topics.say(f"{LAMP}/Job1/update", {"status": "SUCCEEDED", "clientToken": "v"})
    assert lab.topics.take()[1:] == [
        (f"{LAMP}/notify", {"timestamp": NOW + 10, "jobs": {"QUEUED": [two]}}),
        (
            f"{LAMP}/notify-next",
            {
                "timestamp": NOW + 10,
                "execution": {**two, "status": "QUEUED", "jobDocument": {"ToDo": "Delete"}},
            },
        ),
        (f"{LAMP}/Job1/update/accepted", {"clientToken": "v", "timestamp": NOW + 10}),
    ]
    await lab.topics.say(f"{LAMP}/Job2/update", {"status": "FAILED"})
    assert lab.topics.take()[1:3] == [
        (f"{LAMP}/notify", {"timestamp": NOW + 10, "jobs": {}}),
        (f"{LAMP}/notify-next", {"timestamp": NOW + 10}),
    ]
    assert await ask(lab, "start-next") == ("accepted", {"timestamp": NOW + 10})
    assert (await lab.status("Job1"), await lab.status("Job2")) == ("COMPLETED", "COMPLETED")
    assert (await lab.statuses("Job1"), await lab.statuses("Job2")) == (
        {"lamp": "SUCCEEDED"},
        {"lamp": "FAILED"},
    )


async def test_starting_a_later_job_first_changes_what_is_next(lab: Lab) -> None:
    await lab.create("job2")
    lab.now += 1
    await lab.create("job3")
    lab.topics.take()
    await lab.topics.say(f"{LAMP}/job3/update", {"status": "IN_PROGRESS"})
    told = dict(lab.topics.take())
    assert f"{LAMP}/notify" not in told
    assert told[f"{LAMP}/notify-next"]["execution"]["jobId"] == "job3"


async def test_starting_again_gives_the_same_job_unchanged(lab: Lab) -> None:
    await lab.create("job")
    first = await ask(lab, "start-next", {"statusDetails": {"a": "1"}})
    again = await ask(lab, "start-next", {"statusDetails": {"a": "2"}})
    assert first == again
    assert again[1]["execution"]["statusDetails"] == {"a": "1"}


async def test_describing(lab: Lab) -> None:
    assert await ask(lab, "$next/get") == ("accepted", {"timestamp": NOW})
    await lab.create("job")
    _, described = await ask(lab, "$next/get", {"includeJobDocument": False})
    assert described["execution"] == {
        "jobId": "job",
        "status": "QUEUED",
        "queuedAt": NOW,
        "lastUpdatedAt": NOW,
        "versionNumber": 1,
        "executionNumber": 1,
    }
    _, described = await ask(lab, "job/get", {"executionNumber": 1})
    assert described["execution"]["jobDocument"] == {"do": "it"}
    outcome, said = await ask(lab, "job/get", {"executionNumber": 2})
    assert (outcome, said["code"]) == ("rejected", "ResourceNotFound")
    await ask(lab, "job/update", {"status": "SUCCEEDED"})
    outcome, said = await ask(lab, "job/get")
    assert (outcome, said["code"]) == ("rejected", "TerminalStateReached")


async def test_updates_say_what_is_asked_for(lab: Lab) -> None:
    await lab.create("job")
    _, said = await ask(
        lab,
        "job/update",
        {
            "status": "IN_PROGRESS",
            "statusDetails": {"step": "download"},
            "expectedVersion": "1",
            "includeJobExecutionState": True,
            "includeJobDocument": True,
            "stepTimeoutInMinutes": 2,
        },
    )
    assert said == {
        "timestamp": NOW,
        "executionState": {
            "status": "IN_PROGRESS",
            "statusDetails": {"step": "download"},
            "versionNumber": 2,
        },
        "jobDocument": {"do": "it"},
    }
    _, described = await ask(lab, "job/get")
    assert described["execution"]["approximateSecondsBeforeTimedOut"] == 120


async def test_refusals_show_the_state_where_aws_does(lab: Lab) -> None:
    await lab.create("job")
    assert await ask(lab, "job/update", {"status": "IN_PROGRESS", "expectedVersion": 7}) == (
        "rejected",
        {
            "timestamp": NOW,
            "code": "VersionMismatch",
            "message": "Expected version 7 does not match the version 1.",
            "executionState": {"status": "QUEUED", "versionNumber": 1},
        },
    )
    await ask(lab, "job/update", {"status": "SUCCEEDED"})
    outcome, said = await ask(lab, "job/update", {"status": "IN_PROGRESS", "clientToken": "t"})
    assert (outcome, said["code"], said["clientToken"]) == (
        "rejected",
        "InvalidStateTransition",
        "t",
    )
    assert said["executionState"] == {"status": "SUCCEEDED", "versionNumber": 2}


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("$next/update", b'{"status":"FAILED"}', "InvalidRequest"),
        ("get", b"[1]", "InvalidJson"),
        ("get", b"\xff", "InvalidJson"),
        ("get", b"{", "InvalidJson"),
        ("get", b'{"clientToken":5}', "InvalidRequest"),
        ("job/get", b'{"includeJobDocument":"yes"}', "InvalidRequest"),
        ("job/get/more", b"", "InvalidTopic"),
        ("job/update", b"{}", "InvalidRequest"),
        ("nobody/update", b'{"status":"FAILED"}', "ResourceNotFound"),
        ("nonsense", b"", "InvalidTopic"),
    ],
)
async def test_requests_that_are_not_valid(lab: Lab, topic: str, payload: bytes, code: str) -> None:
    await lab.topics.publish(Message(f"{LAMP}/{topic}", payload))
    (answered, said) = lab.topics.said(f"{LAMP}/{topic}/rejected")[0]
    assert (answered, said["code"]) == (f"{LAMP}/{topic}/rejected", code)


async def test_answers_go_to_who_asked_and_to_nobody_else(lab: Lab) -> None:
    got: list[tuple[str, str]] = []

    async def answer(client_id: str, message: Message) -> bool:
        got.append((client_id, message.topic))
        return True

    jobs: Any = lab.jobs._topics
    untap = DeviceTopics(lab.topics, jobs._jobs, answer).start()
    await lab.topics.say(f"{LAMP}/get", sender=Sender("me"))
    untap()
    assert got == [("me", f"{LAMP}/get/accepted")]
