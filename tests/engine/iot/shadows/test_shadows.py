"""The Device Shadow service on a broker in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from iot_topics import MemoryTopics

from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.shadows import topics as shadow_topics
from lambda_nb.engine.iot.shadows.shadows import Shadows
from lambda_nb.rules.iot.shadow_requests import ShadowError

LAMP = "$aws/things/lamp/shadow"
NOW = 1_700_000_000


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def topics() -> MemoryTopics:
    return MemoryTopics()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def shadows(tmp_path: Path, topics: MemoryTopics, clock: Clock) -> AsyncIterator[Shadows]:
    service = Shadows(topics, tmp_path / "shadows.sqlite", clock)
    await service.start()
    yield service
    await service.close()


def state(**sections: Any) -> bytes:
    return json.dumps({"state": sections}).encode()


async def test_an_update_is_accepted_and_told(shadows: Shadows, topics: MemoryTopics) -> None:
    document = {"state": {"desired": {"on": True}}, "clientToken": "t"}
    await topics.say(f"{LAMP}/update", document)
    stamp = {"on": {"timestamp": NOW}}
    assert all(message.qos == 1 and message.sender is None for message in topics.messages[1:])
    assert topics.take() == [
        (f"{LAMP}/update", document),
        (
            f"{LAMP}/update/accepted",
            {
                "state": {"desired": {"on": True}},
                "metadata": {"desired": stamp},
                "version": 1,
                "timestamp": NOW,
                "clientToken": "t",
            },
        ),
        (
            f"{LAMP}/update/delta",
            {
                "version": 1,
                "timestamp": NOW,
                "state": {"on": True},
                "metadata": stamp,
                "clientToken": "t",
            },
        ),
        (
            f"{LAMP}/update/documents",
            {
                "current": {
                    "state": {"desired": {"on": True}},
                    "metadata": {"desired": stamp},
                    "version": 1,
                },
                "timestamp": NOW,
                "clientToken": "t",
            },
        ),
    ]


async def test_no_delta_is_told_when_nothing_differs(
    shadows: Shadows, topics: MemoryTopics
) -> None:
    await shadows.update("lamp", state(desired={"on": True}))
    topics.take()
    await topics.say(f"{LAMP}/update", {"state": {"reported": {"on": True}}})
    told = [topic.removeprefix(LAMP) for topic, _ in topics.take()]
    assert told == ["/update", "/update/accepted", "/update/documents"]


async def test_nothing_but_the_rejection_is_told_of_a_bad_update(
    shadows: Shadows, topics: MemoryTopics
) -> None:
    await topics.publish(Message(f"{LAMP}/update", b"{no json"))
    assert topics.said(f"{LAMP}/update/") == [
        (
            f"{LAMP}/update/rejected",
            {"code": 400, "message": "Invalid JSON", "timestamp": NOW},
        )
    ]


async def test_get_and_delete(shadows: Shadows, topics: MemoryTopics) -> None:
    await shadows.update("lamp", state(desired={"on": True}))
    topics.take()
    await topics.say(f"{LAMP}/get", {"clientToken": "one"})
    _, (topic, got) = topics.take()
    assert (topic, got["state"]["delta"], got["clientToken"]) == (
        f"{LAMP}/get/accepted",
        {"on": True},
        "one",
    )
    await topics.publish(Message(f"{LAMP}/delete", b'"anything"'))
    assert topics.take()[1:] == [(f"{LAMP}/delete/accepted", {"version": 1, "timestamp": NOW})]
    for operation in ("get", "delete"):
        await topics.say(f"{LAMP}/{operation}", {"clientToken": "two"})
        assert topics.take()[1:] == [
            (
                f"{LAMP}/{operation}/rejected",
                {
                    "code": 404,
                    "message": "No shadow exists with name: 'lamp'",
                    "clientToken": "two",
                },
            )
        ]


async def test_named_shadows_are_apart_and_listed(shadows: Shadows, topics: MemoryTopics) -> None:
    await topics.say(f"{LAMP}/name/limits/update", {"state": {"desired": {"max": 5}}})
    await shadows.update("lamp", state(reported={"on": True}), "colour")
    await shadows.update("lamp", state(reported={"on": False}))
    assert shadows.names("lamp") == ["colour", "limits"]
    assert shadows.get("lamp", "limits")["state"]["desired"] == {"max": 5}
    assert shadows.get("lamp")["state"] == {"reported": {"on": False}}
    await shadows.delete("lamp", "limits")
    assert shadows.names("lamp") == ["colour"]
    assert shadows.names("nobody") == []
    with pytest.raises(ShadowError, match="'lamp~limits'"):
        shadows.get("lamp", "limits")


async def test_versions_go_on_for_48_hours_after_a_deletion(shadows: Shadows, clock: Clock) -> None:
    for _ in range(3):
        await shadows.update("lamp", state(reported={"on": True}))
    assert (await shadows.delete("lamp"))["version"] == 3
    clock.now += 48 * 3600
    assert (await shadows.update("lamp", state(reported={"on": True})))["version"] == 4
    await shadows.delete("lamp")
    clock.now += 48 * 3600 + 1
    assert (await shadows.update("lamp", state(reported={"on": True})))["version"] == 1


async def test_shadows_and_remembered_versions_outlast_the_service(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "shadows.sqlite"
    for expected in (1, 2):
        service = Shadows(MemoryTopics(), path, clock)
        await service.start()
        assert (await service.update("lamp", state(reported={"on": True})))["version"] == expected
        if expected == 1:
            await service.update("old", state(reported={"on": True}))
            await service.delete("old")
        await service.close()
    clock.now += 48 * 3600 + 1
    service = Shadows(MemoryTopics(), path, clock)
    await service.start()
    assert service.get("lamp")["version"] == 2
    assert (await service.update("old", state(reported={})))["version"] == 1
    await service.close()


async def test_a_shadow_is_kept_before_it_is_told(shadows: Shadows, topics: MemoryTopics) -> None:
    seen: list[int] = []
    topics.tap(f"{LAMP}/update/accepted", lambda _: seen.append(shadows.get("lamp")["version"]))
    await topics.say(f"{LAMP}/update", {"state": {"reported": {"on": True}}})
    assert seen == [1]


async def test_who_is_told_may_update_the_same_shadow(
    shadows: Shadows, topics: MemoryTopics
) -> None:
    """A rule that republishes: it neither waits for itself nor is told out of order."""

    async def report(message: Message) -> None:
        delta = json.loads(message.payload)
        await topics.say(f"{LAMP}/update", {"state": {"reported": delta["state"]}})

    topics.tap(f"{LAMP}/update/delta", report)
    await asyncio.wait_for(shadows.update("lamp", state(desired={"on": True})), 5)
    versions = [said["current"]["version"] for _, said in topics.said(f"{LAMP}/update/documents")]
    assert versions == [1, 2]
    assert "delta" not in shadows.get("lamp")["state"]


async def test_a_subscriber_that_fails_spoils_nothing(
    shadows: Shadows, topics: MemoryTopics, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(message: Message) -> None:
        raise RuntimeError("no")

    topics.tap(f"{LAMP}/update/accepted", fail)
    await shadows.update("lamp", state(desired={"on": True}))
    assert topics.said(f"{LAMP}/update/documents")
    assert "nobody is told" in caplog.text


@pytest.mark.parametrize(
    ("thing", "name"), [("a b", None), ("lamp", "a/b"), ("lamp", "n" * 65), ("t" * 129, None)]
)
async def test_names_that_nothing_can_have(shadows: Shadows, thing: str, name: str | None) -> None:
    with pytest.raises(ShadowError, match="Invalid") as caught:
        await shadows.update(thing, state(desired={}), name)
    assert caught.value.code == 400


def test_topics_of_answers_ask_for_nothing() -> None:
    assert shadow_topics.read(f"{LAMP}/update") == ("lamp", None, "update")
    assert shadow_topics.read(f"{LAMP}/name/x/get") == ("lamp", "x", "get")
    for topic in ("update/accepted", "update/delta", "get/x", "name/x", "name/x/get/accepted"):
        assert shadow_topics.read(f"{LAMP}/{topic}") is None
