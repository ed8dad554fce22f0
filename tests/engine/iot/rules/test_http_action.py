"""The HTTP action, and the destinations that let it through."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from topic_rules_lab import REGION, ROLE, Lab, Made, rules_lab, unreachable

from lambda_nb.engine.aws_calls.upstream import Answer, TooSlow

URL = "https://www.example.com/subpath"
CONFIRMED = "https://www.example.com"
ARN = f"arn:aws:iot:{REGION}:111122223333:ruledestination/http/1"
TO_ERRORS = {"republish": {"topic": "errors/x", "roleArn": ROLE}}


def confirm(lab: Lab, url: str = CONFIRMED, status: str = "ENABLED") -> None:
    lab.upstream.destinations[ARN] = {"url": url, "status": status, "token": "the-token"}


async def failure(lab: Lab) -> Any:
    await lab.done()
    ((_, document),) = lab.topics.said("errors/")
    (one,) = document["failures"]
    assert one["failedAction"] == "HttpAction"
    return one


async def test_it_posts_the_result(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        headers = [{"key": "X-Kind", "value": "${kind}"}, {"key": "X-Fixed", "value": "1"}]
        http = {"url": f"{URL}/${{topic()}}", "confirmationUrl": CONFIRMED, "headers": headers}
        lab.create("r", "SELECT * FROM 'a'", {"http": http})
        await lab.say("a", {"kind": "k"})
        await lab.done()
        (made,) = lab.made
        assert (made.operation, made.service) == ("POST", f"{URL}/a")
        assert json.loads(made.parameters) == {"kind": "k"}
        assert made.headers == {
            "X-Kind": "k",
            "X-Fixed": "1",
            "Content-Type": "application/json",
        }


@pytest.mark.parametrize("given", ["content-type", "Content-Type"])
async def test_a_header_sets_the_content_type(tmp_path: Path, given: str) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        http = {"url": URL, "headers": [{"key": given, "value": "text/plain"}]}
        lab.create("r", "SELECT * FROM 'a'", {"http": http})
        await lab.say("a", {})
        await lab.done()
        assert lab.made[0].headers == {given: "text/plain"}


async def test_binary_payloads_have_their_type(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        lab.create("r", "SELECT * FROM 'a'", {"http": {"url": URL}})
        await lab.say("a", b"\x00\xff")
        await lab.done()
        assert lab.made[0].headers["Content-Type"] == "application/octet-stream"
        assert lab.made[0].parameters == b"\x00\xff"


async def test_it_signs(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        signing = {"signingRegion": "us-east-2", "serviceName": "execute-api", "roleArn": ROLE}
        http = {"url": URL, "auth": {"sigv4": signing}}
        lab.create("r", "SELECT * FROM 'a'", {"http": http})
        await lab.say("a", {})
        await lab.done()
        assert "/us-east-2/execute-api/aws4_request" in lab.made[0].headers["Authorization"]


@pytest.mark.parametrize("status", ["DISABLED", "ERROR", "IN_PROGRESS"])
async def test_a_destination_that_is_not_enabled_lets_nothing_through(
    tmp_path: Path, status: str
) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab, status=status)
        lab.create("r", "SELECT * FROM 'a'", {"http": {"url": URL}}, errorAction=TO_ERRORS)
        await lab.say("a", {})
        assert "is ENABLED: confirm it" in (await failure(lab))["errorMessage"]
        assert not [made for made in lab.made if made.service == URL]


@pytest.mark.parametrize("url", ["ftp://www.example.com/", "http://www.example.com/x"])
async def test_a_url_that_is_not_https_is_invalid(tmp_path: Path, url: str) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        lab.create("r", "SELECT * FROM 'a'", {"http": {"url": url}}, errorAction=TO_ERRORS)
        await lab.say("a", {})
        assert "does not start with https://" in (await failure(lab))["errorMessage"]
        assert ("HttpInvalidUrl", {"RuleName": "r"}) in lab.counted.figures


async def test_a_server_on_this_machine_needs_no_tls(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab, "http://127.0.0.1:8000/")
        lab.create("r", "SELECT * FROM 'a'", {"http": {"url": "http://127.0.0.1:8000/x"}})
        await lab.say("a", {})
        await lab.done()
        assert len(lab.made) == 1


@pytest.mark.parametrize(
    ("answer", "tries", "metric"),
    [
        (Answer(404, (), b""), 1, "HttpCode_4XX"),
        (Answer(429, (), b""), 3, "HttpCode_4XX"),
        (Answer(301, (), b""), 1, "HttpCode_Other"),
        (Answer(500, (), b""), 3, "HttpCode_5XX"),
        (Answer(500, (), b"x" * 16_385), 1, "HttpCode_5XX"),
        (unreachable(), 1, "HttpUnknownHost"),
        (TooSlow("slow"), 1, "HttpRequestTimeout"),
    ],
)
async def test_it_is_tried_as_often_as_aws_does(
    tmp_path: Path, answer: Answer | BaseException, tries: int, metric: str
) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        lab.upstream.reply = lambda made: answer
        lab.create("r", "SELECT * FROM 'a'", {"http": {"url": URL}}, errorAction=TO_ERRORS)
        await lab.say("a", {})
        text = (await failure(lab))["errorMessage"]
        assert text.startswith("HttpAction failed to make a request to the specified endpoint. ")
        assert text.endswith(f"Action: http, Url: {URL}, ConfirmationUrl: {URL}")
        assert len(lab.made) == tries
        counted = [name for name, _ in lab.counted.figures if name.startswith("Http")]
        assert counted == [metric] * (tries if isinstance(answer, Answer) else 1)


async def test_the_reason_is_in_the_message(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        lab.upstream.reply = lambda made: Answer(500, (), b"")
        lab.create("r", "SELECT * FROM 'a'", {"http": {"url": URL}}, errorAction=TO_ERRORS)
        await lab.say("a", {})
        text = (await failure(lab))["errorMessage"]
        assert "StatusCode: 500. Reason: Internal Server Error." in text


async def test_a_new_destination_is_asked_once(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        asked = asyncio.Event()

        def reply(made: Made) -> None:
            asked.set()

        lab.upstream.reply = reply
        confirm(lab, status="IN_PROGRESS")
        lab.counted.changed()
        await asyncio.wait_for(asked.wait(), 10)
        lab.counted.changed()
        await lab.until(lambda: lab.upstream.read.count("/destinations?maxResults=100") == 2)
        (made,) = lab.made
        assert made.operation == "POST"
        assert made.service == f"{CONFIRMED}/?confirmationToken=the-token"
        assert made.headers == {
            "x-amz-rules-engine-message-type": "DestinationConfirmation",
            "x-amz-rules-engine-destination-arn": ARN,
            "Content-Type": "application/json",
        }
        assert json.loads(made.parameters) == {
            "arn": ARN,
            "confirmationToken": "the-token",
            "enableUrl": f"http://127.0.0.1:1/confirmdestination/the-token?region={REGION}",
            "messageType": "DestinationConfirmation",
        }


async def test_batches(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        settings = {"maxBatchSize": 3, "maxBatchOpenMs": 100}
        http = {"url": URL, "enableBatching": True, "batchConfig": settings}
        lab.create("r", "SELECT n FROM 'a'", {"http": http})
        for number in range(5):
            await lab.say("a", {"n": number})
        await lab.done()
        bodies = [json.loads(made.parameters) for made in lab.made]
        assert bodies == [[{"n": 0}, {"n": 1}, {"n": 2}], [{"n": 3}, {"n": 4}]]
        successes = [name for name, _ in lab.counted.figures if name == "Success"]
        assert len(successes) == 5


@pytest.mark.parametrize(("across", "requests"), [(False, 2), (True, 1)])
async def test_topics_share_a_batch_only_if_they_may(
    tmp_path: Path, across: bool, requests: int
) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        settings = {"batchAcrossTopics": across, "maxBatchOpenMs": 50}
        http = {"url": URL, "enableBatching": True, "batchConfig": settings}
        lab.create("r", "SELECT n FROM 'a/+'", {"http": http})
        for number in range(4):
            await lab.say(f"a/{number % 2}", {"n": number})
        await lab.done()
        assert len(lab.made) == requests


async def test_a_batch_is_as_large_as_it_may_be(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        settings = {"maxBatchSizeBytes": 100, "maxBatchOpenMs": 50}
        http = {"url": URL, "enableBatching": True, "batchConfig": settings}
        lab.create("r", "SELECT * FROM 'a'", {"http": http})
        for _ in range(4):
            await lab.say("a", {"text": "x" * 30})
        await lab.done()
        assert [len(made.parameters) <= 100 for made in lab.made] == [True, True]


async def test_the_error_action_gets_one_message_for_a_batch(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)
        lab.upstream.reply = lambda made: Answer(404, (), b"")
        http = {"url": URL, "enableBatching": True}
        lab.create("r", "SELECT * FROM 'a'", {"http": http}, errorAction=TO_ERRORS)
        for number in range(3):
            await lab.say("a", {"n": number})
        await lab.done()
        assert len(lab.made) == 1
        ((_, document),) = lab.topics.said("errors/")
        for entry in document["payloadsWithMetadata"]:
            assert len(entry.pop("cloudwatchTraceId")) == 36
        (one,) = document.pop("failures")
        assert (one["affectedIds"], one["failedAction"]) == ([1, 2, 3], "HttpAction")
        assert document == {
            "ruleName": "r",
            "topic": "a",
            "payloadsWithMetadata": [
                {
                    "id": number + 1,
                    "clientId": "sensor-1",
                    "sourceIp": "192.0.2.1",
                    "base64OriginalPayload": base64.b64encode(b'{"n": %d}' % number).decode(),
                }
                for number in range(3)
            ],
        }
        counted = [name for name, _ in lab.counted.figures]
        assert (counted.count("Failure"), counted.count("ErrorActionSuccess")) == (3, 1)


async def test_messages_of_a_batch_across_topics_have_their_topics(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        confirm(lab)

        def reply(made: Made) -> Answer:
            return Answer(404, (), b"") if made.service == URL else Answer(400, (), b"{}")

        lab.upstream.reply = reply
        http = {"url": URL, "enableBatching": True, "batchConfig": {"batchAcrossTopics": True}}
        sqs = {"sqs": {"queueUrl": "http://q/1/q", "roleArn": ROLE}}
        lab.create("r", "SELECT * FROM 'a/+'", {"http": http}, sqs, errorAction=TO_ERRORS)
        await lab.say("a/1", {})
        await lab.say("a/2", {})
        await lab.done()
        whole, own = sorted(
            (document for _, document in lab.topics.said("errors/")),
            key=lambda document: "payloadsWithMetadata" not in document,
        )
        assert "topic" not in whole
        assert [entry["topic"] for entry in whole["payloadsWithMetadata"]] == ["a/1", "a/2"]
        affected = {one["failedAction"]: one["affectedIds"] for one in whole["failures"]}
        assert affected == {"HttpAction": [1, 2], "SqsAction": [1]}
        assert [one["failedAction"] for one in own["failures"]] == ["SqsAction"]
        assert own["topic"] == "a/2"
