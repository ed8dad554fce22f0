"""The reserved topics by which devices ask for their jobs."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from lambda_nb.engine.iot.jobs import shapes
from lambda_nb.engine.iot.jobs.devices.operations import DeviceJobs
from lambda_nb.engine.iot.jobs.notices import encoded
from lambda_nb.engine.iot.jobs.shapes import Shape
from lambda_nb.engine.iot.message import Message, Sender, Topics
from lambda_nb.rules.iot.job_executions import Execution, JobError

log = logging.getLogger(__name__)

FILTER = "$aws/things/+/jobs/#"
"""Matches every topic of jobs."""

Answer = Callable[[str, Message], Awaitable[bool]]
"""Gives a message to a client by its id, subscribed or not; false if it is not connected."""

_WITH_STATE = ("InvalidStateTransition", "VersionMismatch")


class _Asked(NamedTuple):
    thing: str
    operation: str
    job_id: str = ""


class DeviceTopics:
    """Answers devices on topics.

    Parameters
    ----------
    topics
        The Region's broker.
    jobs
        What devices ask for.
    answer
        Gives answers to who asked and to nobody else, as AWS does; without it, answers are
        published.
    """

    def __init__(self, topics: Topics, jobs: DeviceJobs, answer: Answer | None = None) -> None:
        self._topics = topics
        self._jobs = jobs
        self._answer = answer

    def start(self) -> Callable[[], None]:
        """Take requests; returns what ends that."""
        return self._topics.tap(FILTER, self._receive)

    async def _receive(self, message: Message) -> None:
        levels = message.topic.split("/")[4:]
        if levels[-1] in ("accepted", "rejected") or levels[0].startswith("notify"):
            return
        token: str | None = None
        try:
            asked = _read(message.topic)
            given = _document(message.payload)
            token = _token(given)
            said = await self._do(asked, given)
            outcome = "accepted"
        except JobError as error:
            outcome = "rejected"
            said = {"code": error.code, "message": error.message}
            if error.execution is not None and error.code in _WITH_STATE:
                said["executionState"] = shapes.state(error.execution)
        except Exception:
            log.exception("%s", message.topic)
            outcome = "rejected"
            said = {"code": "InternalError", "message": "Internal service failure"}
        head: Shape = {} if token is None else {"clientToken": token}
        head["timestamp"] = self._jobs.now_ms() // 1000
        answer = Message(f"{message.topic}/{outcome}", encoded(head | said), qos=1)
        await self._send(message.sender, answer)

    async def _send(self, sender: Sender | None, answer: Message) -> None:
        try:
            if self._answer is None or sender is None:
                await self._topics.publish(answer)
            else:
                await self._answer(sender.client_id, answer)
        except Exception:  # what was asked for is done, whoever did not hear of it
            log.exception("nobody is told on %s", answer.topic)

    async def _do(self, asked: _Asked, given: dict[str, Any]) -> Shape:
        jobs, thing = self._jobs, asked.thing
        match asked.operation:
            case "get" if not asked.job_id:
                running, queued = shapes.pending(jobs.pending(thing))
                return {"inProgressJobs": running, "queuedJobs": queued}
            case "start-next":
                return self._execution(await jobs.start_next(thing, given), with_document=True)
            case "get":
                with_document = _flag(given, "includeJobDocument", True)
                found = jobs.describe(thing, asked.job_id, given)
                return self._execution(found, with_document=with_document)
            case _:
                with_state = _flag(given, "includeJobExecutionState", False)
                with_document = _flag(given, "includeJobDocument", False)
                after = await jobs.update(thing, asked.job_id, given)
                said: Shape = {"executionState": shapes.state(after)} if with_state else {}
                if with_document:
                    said["jobDocument"] = json.loads(jobs.document(after))
                return said

    def _execution(self, one: Execution | None, *, with_document: bool) -> Shape:
        if one is None:
            return {}
        shown = shapes.execution(one, self._jobs.now_ms())
        if with_document:
            shown["jobDocument"] = json.loads(self._jobs.document(one))
        return {"execution": shown}


def _read(topic: str) -> _Asked:
    thing, _, *rest = topic.split("/")[2:]
    match rest:
        case ["get" | "start-next" as operation]:
            return _Asked(thing, operation)
        case [job_id, "get" | "update" as operation] if job_id:
            return _Asked(thing, operation, job_id)
    raise JobError("InvalidTopic", f"No operation of AWS IoT Jobs has the topic {topic}.")


def _document(payload: bytes) -> dict[str, Any]:
    if not payload.strip():
        return {}
    try:
        document = json.loads(payload.decode())
    except (ValueError, RecursionError):
        raise JobError("InvalidJson", "The payload is not valid UTF-8-encoded JSON.") from None
    if not isinstance(document, dict):
        raise JobError("InvalidJson", "The payload is not a JSON object.")
    return document


def _token(given: dict[str, Any]) -> str | None:
    token = given.get("clientToken")
    if token is not None and not isinstance(token, str):
        raise JobError("InvalidRequest", "clientToken must be a text.")
    return token


def _flag(given: dict[str, Any], name: str, default: bool) -> bool:
    value = given.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise JobError("InvalidRequest", f"{name} must be true or false.")
    return value
