"""Durable executions driven by AWS's own SDK, in process: only the transport is left out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from control_harness import (
    ACCOUNT,
    ARN,
    CONFLICT,
    INVALID,
    NOT_FOUND,
    REGION,
    Harness,
    fits_the_model,
    harness,
    refused,
)

from lambda_nb.engine.durable import Durable
from lambda_nb.engine.model import Caller, Invocation, InvocationResult, Resolved

sdk = pytest.importorskip("aws_durable_execution_sdk_python")
from aws_durable_execution_sdk_python.config import (  # noqa: E402
    CallbackConfig,
    Duration,
    StepConfig,
)
from aws_durable_execution_sdk_python.retries import (  # noqa: E402
    RetryStrategyConfig,
    create_retry_strategy,
)

__all__ = ["harness"]

Handler = Callable[[Any, Any], Any]


class Lab:
    """Functions as Python callables, run in threads as environments would run them."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.handlers: dict[str, Handler] = {}
        self.invocations: list[str] = []
        self.loop = asyncio.get_running_loop()
        self.durable = Durable(harness.control, self.execute)
        self.operations = self.durable.operations()

    async def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        answer = self.operations[operation](request, Caller(ACCOUNT, REGION))
        assert isinstance(answer, dict)
        fits_the_model(operation, answer)
        return answer

    def __getattr__(self, name: str) -> Any:
        """boto3's methods, as the SDK calls them from its threads."""
        operation = "".join(part.title() for part in name.split("_"))

        def call(**request: Any) -> dict[str, Any]:
            return asyncio.run_coroutine_threadsafe(self(operation, **request), self.loop).result()

        return call

    async def add(self, name: str, handler: Handler, *, timeout: int = 60) -> None:
        """A durable function."""
        await self.harness.function(name, DurableConfig={"ExecutionTimeout": timeout})
        self.handlers[name] = sdk.durable_execution(handler, boto3_client=self)

    async def execute(self, resolved: Resolved, invocation: Invocation) -> InvocationResult:
        name = resolved.function.name
        self.invocations.append(name)
        context = SimpleNamespace(
            aws_request_id=invocation.request_id,
            function_name=name,
            tenant_id=None,
            invoked_function_arn=invocation.invoked_arn,
            get_remaining_time_in_millis=lambda: 60000,
        )
        try:
            value = await asyncio.to_thread(
                self.handlers[name], json.loads(invocation.payload), context
            )
            payload, error = json.dumps(value).encode(), None
        except Exception as raised:
            shown = {"errorMessage": str(raised), "errorType": type(raised).__name__}
            payload, error = json.dumps(shown).encode(), "Unhandled"
        return InvocationResult(
            invocation.request_id, payload, resolved.function.version, function_error=error
        )

    async def run(self, name: str, event: Any = None, **more: Any) -> InvocationResult:
        return await self.durable.invoke(*self.call(name, event, **more))

    def begin(self, name: str, event: Any = None, **more: Any) -> str:
        return self.durable.begin(*self.call(name, event, **more))

    def call(self, name: str, event: Any, **more: Any) -> tuple[Resolved, Invocation]:
        resolved = self.harness.control.resolve(f"{name}:$LATEST", None)
        request = str(time.monotonic_ns())
        payload = json.dumps(event).encode()
        return resolved, Invocation(request, payload, resolved.invoked_arn, **more)

    async def until(self, arn: str, *statuses: str) -> dict[str, Any]:
        """The execution once it has one of these statuses."""
        while True:
            got = await self("GetDurableExecution", DurableExecutionArn=arn)
            if got["Status"] in statuses:
                return got
            await asyncio.sleep(0.01)

    async def event_types(self, arn: str) -> list[str]:
        history = await self("GetDurableExecutionHistory", DurableExecutionArn=arn)
        assert [e["EventId"] for e in history["Events"]] == list(
            range(1, len(history["Events"]) + 1)
        )
        return [event["EventType"] for event in history["Events"]]


@pytest.fixture
async def lab(harness: Harness) -> AsyncIterator[Lab]:
    made = Lab(harness)
    await made.durable.start()
    yield made
    await made.durable.close()


async def test_steps_run_once_although_the_handler_is_replayed(lab: Lab) -> None:
    ran: list[str] = []

    def handler(event: Any, context: Any) -> Any:
        first = context.step(lambda _: ran.append("first") or event["n"] + 1, name="first")
        context.wait(Duration.from_seconds(1), name="pause")
        return context.step(lambda _: ran.append("second") or first * 2, name="second")

    await lab.add("f", handler)
    result = await lab.run("f", {"n": 20})
    assert json.loads(result.payload) == 42
    assert ran == ["first", "second"]
    assert lab.invocations == ["f", "f"]
    arn = result.durable_execution_arn
    assert await lab.event_types(arn) == [
        "ExecutionStarted",
        "StepStarted",
        "StepSucceeded",
        "WaitStarted",
        "InvocationCompleted",
        "WaitSucceeded",
        "StepStarted",
        "StepSucceeded",
        "InvocationCompleted",
        "ExecutionSucceeded",
    ]
    got = await lab("GetDurableExecution", DurableExecutionArn=arn)
    assert (got["Status"], got["Result"], got["InputPayload"]) == ("SUCCEEDED", "42", '{"n": 20}')
    assert got["FunctionArn"] == f"{ARN}f:$LATEST"
    bare = await lab("GetDurableExecution", DurableExecutionArn=arn, IncludeExecutionData=False)
    assert not {"Result", "InputPayload"} & set(bare)


async def test_a_failing_step_is_retried_and_then_given_up(lab: Lab) -> None:
    attempts: list[int] = []

    def flaky(_: Any) -> str:
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError("not yet")
        return "at last"

    def handler(event: Any, context: Any) -> Any:
        config = RetryStrategyConfig(
            max_attempts=event, initial_delay=Duration.from_seconds(1), backoff_rate=1
        )
        return context.step(
            flaky, name="flaky", config=StepConfig(retry_strategy=create_retry_strategy(config))
        )

    await lab.add("f", handler)
    given_up = await lab.run("f", 2)
    assert given_up.function_error == "Unhandled"
    assert "not yet" in json.loads(given_up.payload)["errorMessage"]
    attempts.clear()
    enough = await lab.run("f", 5)
    assert json.loads(enough.payload) == "at last"
    types = await lab.event_types(enough.durable_execution_arn)
    assert types.count("StepFailed") == 2
    assert types.count("StepSucceeded") == 1


async def test_callbacks(lab: Lab) -> None:
    ids: list[str] = []

    def handler(event: Any, context: Any) -> Any:
        callback = context.create_callback(name="approval")
        ids.append(callback.callback_id)
        return callback.result()

    await lab.add("f", handler)
    arn = lab.begin("f")
    while not ids:
        await asyncio.sleep(0.01)
    await lab("SendDurableExecutionCallbackHeartbeat", CallbackId=ids[0])
    await lab("SendDurableExecutionCallbackSuccess", CallbackId=ids[0], Result=b'"yes"')
    got = await lab.until(arn, "SUCCEEDED", "FAILED")
    assert json.loads(got["Result"]) in ("yes", '"yes"')
    with refused(INVALID):
        await lab("SendDurableExecutionCallbackSuccess", CallbackId=ids[0], Result=b"again")
    with refused(NOT_FOUND):
        await lab("SendDurableExecutionCallbackSuccess", CallbackId="bm9uZQ==")


async def test_a_callback_that_nobody_answers_times_out(lab: Lab) -> None:
    ids: list[str] = []

    def handler(event: Any, context: Any) -> Any:
        config = CallbackConfig(timeout=Duration.from_seconds(1))
        callback = context.create_callback(name="approval", config=config)
        ids.append(callback.callback_id)
        return callback.result()

    await lab.add("f", handler)
    result = await lab.run("f")
    assert result.function_error == "Unhandled"
    assert "CallbackTimedOut" in await lab.event_types(result.durable_execution_arn)
    with refused("CallbackTimeoutException"):
        await lab("SendDurableExecutionCallbackFailure", CallbackId=ids[0])


async def test_chained_invokes_of_plain_and_durable_functions(lab: Lab) -> None:
    def parent(event: Any, context: Any) -> Any:
        plain = context.invoke("plain:$LATEST", {"n": 1}, name="plain")
        child = context.invoke("child:$LATEST", {"n": 2}, name="child")
        return [plain, child]

    def child(event: Any, context: Any) -> Any:
        context.wait(Duration.from_seconds(1))
        return event["n"] * 10

    await lab.add("parent", parent)
    await lab.add("child", child)
    await lab.harness.function("plain")
    lab.handlers["plain"] = lambda event, context: event["n"] + 1
    result = await lab.run("parent")
    assert json.loads(result.payload) == [2, 20]
    history = await lab(
        "GetDurableExecutionHistory", DurableExecutionArn=result.durable_execution_arn
    )
    details = [
        e["ChainedInvokeStartedDetails"]
        for e in history["Events"]
        if e["EventType"] == "ChainedInvokeStarted"
    ]
    assert [d["ExecutedVersion"] for d in details] == ["$LATEST", "$LATEST"]
    assert "DurableExecutionArn" not in details[0]
    reached = await lab(
        "GetDurableExecution", DurableExecutionArn=details[1]["DurableExecutionArn"]
    )
    assert (reached["Status"], json.loads(reached["Result"])) == ("SUCCEEDED", 20)


async def test_a_chained_invoke_that_fails(lab: Lab) -> None:
    def parent(event: Any, context: Any) -> Any:
        return context.invoke(f"{event}:$LATEST", {}, name="call")

    def broken(event: Any, context: Any) -> Any:
        raise KeyError("inside")

    await lab.add("parent", parent)
    await lab.harness.function("broken")
    lab.handlers["broken"] = broken
    for target, text in (("broken", "inside"), ("nobody", "Function not found")):
        result = await lab.run("parent", target)
        assert result.function_error == "Unhandled"
        assert text in json.loads(result.payload)["errorMessage"]


async def test_parallel_branches_and_maps(lab: Lab) -> None:
    def handler(event: Any, context: Any) -> Any:
        def item(inner: Any, value: int, index: int, items: Any) -> int:
            inner.wait(Duration.from_seconds(1))
            return int(inner.step(lambda _: value * value, name="square"))

        return context.map(event, item, name="squares").get_results()

    await lab.add("f", handler)
    result = await lab.run("f", [1, 2, 3])
    assert json.loads(result.payload) == [1, 4, 9]


async def test_an_execution_goes_on_after_a_restart(harness: Harness) -> None:
    ran: list[str] = []

    def handler(event: Any, context: Any) -> Any:
        context.step(lambda _: ran.append("step"), name="step")
        context.wait(Duration.from_seconds(1))
        return "done"

    first = Lab(harness)
    await first.add("f", handler)
    arn = first.begin("f")
    while "WaitStarted" not in await first.event_types(arn):
        await asyncio.sleep(0.01)
    await first.durable.close()
    harness.close()
    again = Harness(harness.directory)
    second = Lab(again)
    second.handlers["f"] = sdk.durable_execution(handler, boto3_client=second)
    await second.durable.start()
    assert (await second.until(arn, "SUCCEEDED", "FAILED"))["Result"] == '"done"'
    assert ran == ["step"]
    await second.durable.close()
    again.close()


async def test_an_unhandled_error_fails_the_execution(lab: Lab) -> None:
    def handler(event: Any, context: Any) -> Any:
        raise ValueError("broken")

    await lab.add("f", handler)
    result = await lab.run("f")
    error = json.loads(result.payload)
    assert (result.function_error, error["errorMessage"]) == ("Unhandled", "broken")
    assert "ValueError" in error["errorType"]


async def test_a_function_without_the_sdk_is_told_so(lab: Lab) -> None:
    await lab.add("f", lambda event, context: None)
    lab.handlers["f"] = lambda event, context: {"statusCode": 200}
    result = await lab.run("f")
    assert "SDK" in json.loads(result.payload)["errorMessage"]


async def test_execution_names_are_idempotent(lab: Lab) -> None:
    await lab.add("f", lambda event, context: event)
    first = await lab.run("f", 1, durable_execution_name="order-1")
    again = await lab.run("f", 1, durable_execution_name="order-1")
    assert first.durable_execution_arn == again.durable_execution_arn
    assert lab.invocations == ["f"]
    with refused("DurableExecutionAlreadyStartedException", status=409):
        await lab.run("f", 2, durable_execution_name="order-1")
    unqualified = lab.harness.control.resolve("f", None)
    with refused(INVALID, "You cannot invoke a durable function using an unqualified ARN."):
        await lab.durable.invoke(unqualified, Invocation("r", b"1", unqualified.invoked_arn))


async def test_stop_pause_resume_delete(lab: Lab) -> None:
    def handler(event: Any, context: Any) -> Any:
        context.wait(Duration.from_seconds(event))
        return "over"

    await lab.add("f", handler)
    stopped = lab.begin("f", 3600)
    where = {"DurableExecutionArn": stopped}
    with refused(CONFLICT):
        await lab("DeleteDurableExecution", **where)
    await lab("StopDurableExecution", **where, Error={"ErrorMessage": "enough"})
    got = await lab("GetDurableExecution", **where)
    assert (got["Status"], got["Error"]) == ("STOPPED", {"ErrorMessage": "enough"})
    paused = lab.begin("f", 1)
    await lab("PauseDurableExecution", DurableExecutionArn=paused, Reason="lunch")
    got = await lab.until(paused, "PAUSED")
    assert got["PauseDetails"]["Reason"] == "lunch"
    await lab("ResumeDurableExecution", DurableExecutionArn=paused)
    await lab.until(paused, "SUCCEEDED")
    types = await lab.event_types(paused)
    assert types.index("ExecutionPaused") < types.index("ExecutionResumed")
    listed = await lab("ListDurableExecutionsByFunction", FunctionName="f")
    assert [e["DurableExecutionArn"] for e in listed["DurableExecutions"]] == [stopped, paused]
    of_status = await lab("ListDurableExecutionsByFunction", FunctionName="f", Statuses=["STOPPED"])
    assert [e["DurableExecutionArn"] for e in of_status["DurableExecutions"]] == [stopped]
    await lab("DeleteDurableExecution", **where)
    with refused(NOT_FOUND, f"Durable execution not found: {stopped}"):
        await lab("GetDurableExecution", **where)


async def test_an_execution_ends_with_its_timeout(lab: Lab) -> None:
    await lab.add("f", lambda event, context: context.wait(Duration.from_seconds(9)), timeout=1)
    result = await lab.run("f")
    assert json.loads(result.payload)["errorType"] == "Execution.Timeout"


async def test_only_the_latest_token_may_checkpoint(lab: Lab) -> None:
    tokens: list[tuple[str, str]] = []

    def spy(event: Any, context: Any) -> Any:
        tokens.append((event["DurableExecutionArn"], event["CheckpointToken"]))
        answer = lab.checkpoint_durable_execution(
            DurableExecutionArn=tokens[0][0], CheckpointToken=tokens[0][1], Updates=[]
        )
        assert answer["CheckpointToken"] != tokens[0][1]
        return {"Status": "SUCCEEDED", "Result": "1"}

    await lab.add("f", lambda event, context: None)
    lab.handlers["f"] = spy
    await lab.run("f")
    with refused(INVALID, "Invalid checkpoint token"):
        await lab(
            "CheckpointDurableExecution",
            DurableExecutionArn=tokens[0][0],
            CheckpointToken=tokens[0][1],
            Updates=[],
        )


async def test_results_of_steps_say_that_they_are_whole(lab: Lab) -> None:
    tries: list[int] = []

    def flaky(_: Any) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")
        return "done"

    def handler(event: Any, context: Any) -> Any:
        return context.step(flaky, name="step")

    await lab.add("f", handler)
    result = await lab.run("f")
    assert len(tries) == 2
    arn = result.durable_execution_arn
    history = await lab("GetDurableExecutionHistory", DurableExecutionArn=arn)
    ended = [e["StepSucceededDetails"] for e in history["Events"] if "StepSucceededDetails" in e]
    assert [d["Result"] for d in ended] == [{"Payload": '"done"', "Truncated": False}]
