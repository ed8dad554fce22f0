"""Tasks that wait: for a token, for a worker of an activity; and executions that are stopped."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from states_lab import Lab, task


class Waiting:
    """A state machine whose task sends its token to a queue."""

    def __init__(self, engine: Engine, lab: Lab, **more: Any) -> None:
        self._queues = engine.client("sqs")
        self._url = self._queues.create_queue(QueueName=engine.name("tokens"))["QueueUrl"]
        told = {"QueueUrl": self._url, "MessageBody": {"token.$": "$$.Task.Token"}}
        resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
        self.machine = lab.make({"A": task(resource, told, **more)})

    def token(self) -> str:
        """The token of the next task."""
        found = self._queues.receive_message(QueueUrl=self._url, WaitTimeSeconds=20)["Messages"][0]
        self._queues.delete_message(QueueUrl=self._url, ReceiptHandle=found["ReceiptHandle"])
        return str(json.loads(found["Body"])["token"])


def test_success_failure_and_wrong_tokens(engine: Engine, lab: Lab) -> None:
    waiting = Waiting(engine, lab)
    execution, token = lab.start(waiting.machine), waiting.token()
    wrong = error_of(lambda: lab.calls.send_task_success(taskToken=token, output="{n"))
    assert wrong[0] == "InvalidOutput"
    lab.calls.send_task_success(taskToken=token, output='{"ok": 1}')
    assert json.loads(lab.ended(execution)["output"]) == {"ok": 1}
    late = error_of(lambda: lab.calls.send_task_success(taskToken=token, output="1"))
    assert late[0] == "TaskTimedOut"
    assert error_of(lambda: lab.calls.send_task_heartbeat(taskToken="x"))[0] == "InvalidToken"

    execution, token = lab.start(waiting.machine), waiting.token()
    lab.calls.send_task_failure(taskToken=token, error="Mine", cause="because")
    told = lab.ended(execution)
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "Mine", "because")


def test_no_heartbeat_is_a_time_out(engine: Engine, lab: Lab) -> None:
    waiting = Waiting(engine, lab, HeartbeatSeconds=1, TimeoutSeconds=60)
    told = lab.ended(lab.start(waiting.machine))
    assert (told["status"], told["error"]) == ("FAILED", "States.Timeout")


def test_a_stopped_execution_ends_at_once(engine: Engine, lab: Lab) -> None:
    waiting = Waiting(engine, lab)
    execution, token = lab.start(waiting.machine), waiting.token()
    lab.calls.stop_execution(executionArn=execution, error="Stop", cause="enough")
    told = lab.calls.describe_execution(executionArn=execution)
    assert (told["status"], told["error"], told["cause"]) == ("ABORTED", "Stop", "enough")
    assert told["stopDate"] >= told["startDate"]
    assert lab.events(execution)[-1] == "ExecutionAborted"
    assert lab.events(execution).count("ExecutionAborted") == 1
    late = error_of(lambda: lab.calls.send_task_success(taskToken=token, output="1"))
    assert late[0] == "TaskTimedOut"


def test_a_time_limit_has_an_end(lab: Lab) -> None:
    wait = {"A": {"Type": "Wait", "Seconds": 300, "End": True}}
    execution = lab.start(lab.make(wait, program={"TimeoutSeconds": 1}))
    told = lab.ended(execution)
    assert told["status"] == "TIMED_OUT"
    assert told["stopDate"] >= told["startDate"]
    assert lab.events(execution)[-1] == "ExecutionTimedOut"


def test_a_worker_gets_an_activitys_task(engine: Engine, lab: Lab) -> None:
    activity = lab.calls.create_activity(name=engine.name("activity"))["activityArn"]
    machine = lab.make({"A": task(activity, TimeoutSeconds=60)})
    client = engine.client("stepfunctions", verify=False)
    fetched: dict[str, Any] = {}

    def work() -> None:  # it waits before there is a task
        fetched.update(client.get_activity_task(activityArn=activity, workerName="w"))

    worker = threading.Thread(target=work)
    worker.start()
    execution = lab.start(machine, {"n": 1})
    worker.join(60)
    assert json.loads(fetched["input"]) == {"n": 1}
    lab.calls.send_task_success(taskToken=fetched["taskToken"], output='"done"')
    assert json.loads(lab.ended(execution)["output"]) == "done"
    assert "ActivityStarted" in lab.events(execution)

    execution = lab.start(machine)
    token = lab.calls.get_activity_task(activityArn=activity)["taskToken"]
    lab.calls.send_task_failure(taskToken=token, error="Mine", cause="because")
    told = lab.ended(execution)
    assert (told["error"], told["cause"]) == ("Mine", "because")


@pytest.mark.parametrize("known", [True, False])
def test_an_activity_without_a_worker(engine: Engine, lab: Lab, known: bool) -> None:
    activity = lab.calls.create_activity(name=engine.name("activity"))["activityArn"]
    if not known:
        lab.calls.delete_activity(activityArn=activity)
        refused = error_of(lambda: lab.calls.get_activity_task(activityArn=activity))
        assert refused[0] == "ActivityDoesNotExist"
    told = lab.run({"A": task(activity, TimeoutSeconds=1)})
    assert told["error"] == ("States.Timeout" if known else "States.Runtime")
