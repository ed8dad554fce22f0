"""What happens when an action fails, or the engine ends before it is done."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from topic_rules_lab import (
    ACCOUNT,
    FUNCTION,
    REGION,
    ROLE,
    Lab,
    Made,
    refusal,
    rules_lab,
    unreachable,
)

from lambda_nb.engine.aws_calls.upstream import Answer
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.rules.journal import Journal
from lambda_nb.engine.permissions.functions import Call, NotPermitted, missing_permission

S3 = {"s3": {"bucketName": "bucket", "key": "aaa", "roleArn": ROLE}}
SQS = {"sqs": {"queueUrl": f"http://q/{ACCOUNT}/q", "roleArn": ROLE}}
INVOKE = {"lambda": {"functionArn": FUNCTION}}
TO_ERRORS = {"republish": {"topic": "errors/${topic()}", "roleArn": ROLE}}
NO_BUCKET = Answer(
    404,
    (("x-amz-request-id", "9DF5416B9B47B9AF"),),
    b"<Error><Code>NoSuchBucket</Code>"
    b"<Message>The specified bucket does not exist</Message></Error>",
)


def errors(lab: Lab) -> list[Any]:
    return [document for _, document in lab.topics.said("errors/")]


async def test_the_error_action_gets_the_message_of_the_guide(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.upstream.reply = lambda made: NO_BUCKET
        lab.create("TestAction", "SELECT * FROM 'testme/action'", S3, errorAction=TO_ERRORS)
        await lab.say("testme/action", {"message": "Hello"})
        await lab.done()
        (document,) = errors(lab)
        assert len(document.pop("cloudwatchTraceId")) == 36
        assert document == {
            "ruleName": "TestAction",
            "topic": "testme/action",
            "clientId": "sensor-1",
            "base64OriginalPayload": base64.b64encode(b'{"message": "Hello"}').decode(),
            "failures": [
                {
                    "failedAction": "S3Action",
                    "failedResource": "bucket",
                    "errorMessage": "Failed to put S3 object. The error received was The specified "
                    "bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: "
                    "NoSuchBucket; Request ID: 9DF5416B9B47B9AF). Message arrived on: "
                    'testme/action, Action: s3, Bucket: bucket, Key: "aaa"',
                }
            ],
        }
        counted = [name for name, _ in lab.counted.figures]
        assert counted.count("Failure") == 1
        assert counted.count("ErrorActionSuccess") == 1


async def test_there_is_one_error_message_for_all_failures_of_a_message(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        missing = refusal(400, "QueueDoesNotExist", "The specified queue does not exist.")
        lab.upstream.reply = lambda made: NO_BUCKET if made.service == "s3" else missing
        lab.create("r", "SELECT * FROM 'a'", S3, SQS, errorAction=TO_ERRORS)
        await lab.say("a", {})
        await lab.done()
        (document,) = errors(lab)
        assert [failure["failedAction"] for failure in document["failures"]] == [
            "S3Action",
            "SqsAction",
        ]


async def test_actions_of_a_rule_do_not_need_one_another(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.upstream.reply = lambda made: NO_BUCKET if made.service == "s3" else None
        lab.create("r", "SELECT * FROM 'a'", S3, SQS, INVOKE, errorAction=TO_ERRORS)
        await lab.say("a", {})
        await lab.done()
        assert [made.service for made in lab.made] == ["s3", "sqs"]
        assert len(lab.functions.submitted) == 1
        assert len(errors(lab)) == 1


async def test_a_function_that_lets_nobody_in_says_what_is_missing(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:

        def refuse(call: Call) -> None:
            raise NotPermitted(missing_permission(call))

        lab.functions.refuse = refuse
        lab.create("r", "SELECT * FROM 'a'", INVOKE, errorAction=TO_ERRORS)
        await lab.say("a", {})
        await lab.done()
        (failure,) = errors(lab)[0]["failures"]
        assert failure["failedAction"] == "LambdaAction"
        assert failure["failedResource"] == FUNCTION
        assert failure["errorMessage"].startswith(
            "Failed to invoke lambda function. Received Server error from Lambda. The error code "
            "is 403. The resource policy of"
        )
        source = f"arn:aws:iot:{REGION}:{ACCOUNT}:rule/r"
        assert f"--principal iot.amazonaws.com --source-arn '{source}'" in failure["errorMessage"]


async def test_a_missing_function_is_an_error_404(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:

        def refuse(call: Call) -> None:
            raise AWSError("ResourceNotFoundException", "Function not found: f", 404)

        lab.functions.refuse = refuse
        lab.create("r", "SELECT * FROM 'a'", INVOKE, errorAction=TO_ERRORS)
        await lab.say("a", {})
        await lab.done()
        (failure,) = errors(lab)[0]["failures"]
        assert "The error code is 404. Function not found: f." in failure["errorMessage"]


async def test_an_action_that_cannot_be_filled_in_fails(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        metric = {"metricName": "m", "metricNamespace": "n", "metricUnit": "None"}
        action = {"cloudwatchMetric": {**metric, "metricValue": "${none}", "roleArn": ROLE}}
        lab.create("r", "SELECT * FROM 'a'", action, errorAction=TO_ERRORS)
        await lab.say("a", {})
        await lab.done()
        (failure,) = errors(lab)[0]["failures"]
        assert "metricValue is no number: ''" in failure["errorMessage"]
        assert lab.made == []


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "ProvisionedThroughputExceededException", "too much"),
        refusal(400, "ThrottlingException", "too much"),
        refusal(500, "InternalFailure", "too bad"),
    ],
)
async def test_throttles_and_internal_errors_are_tried_three_times(
    tmp_path: Path, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambda_nb.rules.iot.topic_rules.FIRST_DELAY_S", 0.001)
    async with rules_lab(tmp_path) as lab:
        lab.upstream.reply = lambda made: answer
        lab.create("r", "SELECT * FROM 'a'", SQS, errorAction=TO_ERRORS)
        await lab.say("a", {})
        await lab.done()
        assert len(lab.made) == 3
        assert len(errors(lab)) == 1


async def test_a_service_that_is_away_is_tried_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambda_nb.rules.iot.topic_rules.FIRST_DELAY_S", 0.0001)
    async with rules_lab(tmp_path) as lab:
        tries = 0

        def reply(made: Made) -> Answer | BaseException | None:
            nonlocal tries
            tries += 1
            if tries < 5:
                return unreachable()
            return Answer(503, (), b"starting") if tries < 8 else None

        lab.upstream.reply = reply
        lab.create("r", "SELECT * FROM 'a'", SQS, errorAction=TO_ERRORS)
        await lab.say("a", {})
        await lab.done()
        assert tries == 8
        assert errors(lab) == []


async def test_an_execution_that_was_started_is_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambda_nb.rules.iot.topic_rules.FIRST_DELAY_S", 0.001)
    async with rules_lab(tmp_path) as lab:
        answers = [unreachable(), refusal(400, "ExecutionAlreadyExists", "there")]
        lab.upstream.reply = lambda made: answers.pop(0)
        action = {"stepFunctions": {"stateMachineName": "m", "roleArn": ROLE}}
        lab.create("r", "SELECT * FROM 'a'", action, errorAction=TO_ERRORS)
        await lab.say("a", {})
        await lab.done()
        first, second = lab.made
        assert first.parameters == second.parameters
        assert errors(lab) == []


async def test_an_error_action_sees_the_variables_of_the_query(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.upstream.reply = lambda made: NO_BUCKET
        sql = "SET @room = topic(2) SELECT * FROM 'a/+'"
        to = {"republish": {"topic": "errors/${@room}/${n}", "roleArn": ROLE}}
        lab.create("r", sql, S3, errorAction=to)
        await lab.say("a/kitchen", {"n": 1})
        await lab.done()
        assert [topic for topic, _ in lab.topics.said("errors/")] == ["errors/kitchen/1"]


async def test_an_error_action_that_fails_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rules_lab(tmp_path) as lab:
        missing = refusal(400, "QueueDoesNotExist", "The specified queue does not exist.")
        lab.upstream.reply = lambda made: missing
        lab.create("r", "SELECT * FROM 'a'", SQS, errorAction=SQS)
        await lab.say("a", {})
        await lab.done()
        assert len(lab.made) == 2
        told = {"RuleName": "r", "ActionType": "SQS"}
        assert ("Failure", told) in lab.counted.figures
        assert ("ErrorActionFailure", told) in lab.counted.figures
        assert "error action sqs of topic rule r failed" in caplog.text


async def test_a_failed_query_is_logged_and_runs_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.upstream.logging = {"defaultLogLevel": "ERROR"}
        lab.upstream.reply = lambda made: refusal(400, "ResourceNotFoundException", "no table")
        sql = f"SELECT get_dynamodb('t', 'k', 'v', '{ROLE}').x AS x FROM 'a' WHERE n = 1"
        lab.create("r", sql, INVOKE, errorAction=TO_ERRORS)
        await lab.say("a", {"n": 1})
        await lab.done()
        assert lab.functions.submitted == []
        assert errors(lab) == []
        assert [entry["eventType"] for _, entry in lab.counted.entries] == ["FunctionExecution"]
        assert "the query of topic rule r failed" in caplog.text


async def test_the_log_says_what_failed_and_why(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.upstream.logging = {"defaultLogLevel": "ERROR"}
        lab.upstream.reply = lambda made: NO_BUCKET
        lab.create("r", "SELECT * FROM 'a'", S3)
        await lab.say("a", {})
        await lab.done()
        ((_, entry),) = lab.counted.entries
        assert (entry["eventType"], entry["status"]) == ("RuleExecution", "Failure")
        assert entry["ruleAction"] == "S3Action"
        assert entry["resources"] == {"Bucket": "bucket", "Key": '"aaa"'}
        assert "NoSuchBucket" in entry["details"]


async def test_what_was_not_done_is_done_after_the_next_start(tmp_path: Path) -> None:
    kept: dict[str, Any] = {}
    async with rules_lab(tmp_path) as lab:
        lab.upstream.reply = lambda made: unreachable()
        lab.create("r", "SELECT n FROM 'a'", SQS, errorAction=TO_ERRORS)
        for number in range(3):
            await lab.say("a", {"n": number})
        kept = {"upstream": lab.upstream}
    assert len(journal_of(tmp_path)) == 3
    kept["upstream"].made.clear()
    kept["upstream"].reply = lambda made: None
    async with rules_lab(tmp_path, **kept) as lab:
        await lab.done()
        bodies = sorted(made.parameters["MessageBody"] for made in lab.made)
        assert bodies == ['{"n":0}', '{"n":1}', '{"n":2}']
    assert journal_of(tmp_path) == []


async def test_failures_are_remembered_over_a_start(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.upstream.reply = lambda made: NO_BUCKET if made.service == "s3" else unreachable()
        lab.create("r", "SELECT * FROM 'a'", S3, SQS, errorAction=TO_ERRORS)
        await lab.say("a", {"n": 1})
        await lab.until(lambda: "NoSuchBucket" in json.dumps(journal_of(tmp_path)))
        upstream = lab.upstream
    upstream.made.clear()
    upstream.reply = lambda made: None
    async with rules_lab(tmp_path, upstream=upstream) as lab:
        await lab.done()
        assert [made.service for made in lab.made] == ["sqs"]
        (document,) = errors(lab)
        assert [failure["failedAction"] for failure in document["failures"]] == ["S3Action"]
        assert base64.b64decode(document["base64OriginalPayload"]) == b'{"n": 1}'
        assert document["clientId"] == "sensor-1"


async def test_what_a_rule_that_is_gone_should_still_have_evaluated_is_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.upstream.reply = lambda made: NO_BUCKET if made.service == "s3" else unreachable()
        lab.create("r", "SELECT * FROM 'a'", S3, SQS, errorAction=TO_ERRORS)
        await lab.say("a", {})
        del lab.upstream.rules["r"]
        lab.counted.changed()
        lab.upstream.reply = lambda made: NO_BUCKET
        await lab.done()
        assert errors(lab) == []
        assert "topic rule r is gone" in caplog.text


async def test_a_message_that_cannot_be_written_down_is_not_taken(tmp_path: Path) -> None:
    import sqlite3

    async with rules_lab(tmp_path) as lab:
        lab.create("r", "SELECT * FROM 'a'", SQS)
        await lab.say("other", {})
        blocker = sqlite3.connect(tmp_path / "rules.sqlite", isolation_level=None)
        blocker.execute("DROP TABLE execution")
        blocker.close()
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await lab.say("a", {})
        assert lab.made == []


def journal_of(path: Path) -> list[str]:
    """The plans in a journal."""
    journal = Journal(path / "rules.sqlite")
    plans = [execution.plan() for execution in journal.left()]
    journal.close()
    return plans
