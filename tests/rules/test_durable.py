"""The state machine of durable operations, with times given by the test."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.durable import history
from lambda_nb.rules.durable import operations as durable
from lambda_nb.rules.durable.operations import ENDED, Operation
from lambda_nb.rules.refusal import Refused


def begun() -> dict[str, Operation]:
    first = durable.beginning("e", "{}", 0.0)
    return {first["Id"]: first}


def update(identifier: str, kind: str, action: str, **more: Any) -> dict[str, Any]:
    return {"Id": identifier, "Type": kind, "Action": action, **more}


def apply(operations: dict[str, Operation], now: float, *updates: dict[str, Any]) -> Operation:
    """Apply updates in order; returns the operation that changed last."""
    operation: Operation = {}
    for given_ in updates:
        operation = durable.updated(operations, given_, now, "callback-id")
        operations[operation["Id"]] = operation
    return operation


def test_a_step_is_retried_after_its_delay() -> None:
    operations = begun()
    retry = update(
        "s", "STEP", "RETRY", Error={"ErrorType": "E"}, StepOptions={"NextAttemptDelaySeconds": 5}
    )
    step = apply(operations, 1.0, update("s", "STEP", "START", Name="n"), retry)
    assert (step["Status"], step["StepDetails"]["Attempt"]) == ("PENDING", 1)
    assert durable.due(step) == 6.0
    assert durable.matured(step, 5.9) is None
    ready = durable.matured(step, 6.0)
    assert ready is not None
    operations["s"] = ready
    done = apply(
        operations,
        7.0,
        update("s", "STEP", "START"),
        update("s", "STEP", "SUCCEED", Payload="1"),
    )
    assert (done["Status"], done["EndTimestamp"]) == ("SUCCEEDED", 7.0)
    assert done["StepDetails"] == {"Attempt": 2, "Result": "1"}


def test_a_wait_ends_at_its_time() -> None:
    operations = begun()
    wait = apply(operations, 10.0, update("w", "WAIT", "START", WaitOptions={"WaitSeconds": 3}))
    assert durable.waits(operations.values())
    ended = durable.matured(wait, 99.0)
    assert ended is not None
    assert (ended["Status"], ended["EndTimestamp"]) == ("SUCCEEDED", 13.0)  # not when noticed


@pytest.mark.parametrize(
    ("options", "beats", "due", "kind"),
    [
        ({"TimeoutSeconds": 10}, [], 10.0, "Callback.Timeout"),
        ({"HeartbeatTimeoutSeconds": 4}, [], 4.0, "Callback.Heartbeat"),
        ({"HeartbeatTimeoutSeconds": 4}, [3.0, 6.0], 10.0, "Callback.Heartbeat"),
        (
            {"TimeoutSeconds": 9, "HeartbeatTimeoutSeconds": 4},
            [3.0, 6.0],
            9.0,
            "Callback.Timeout",
        ),
    ],
)
def test_callbacks_time_out(
    options: dict[str, int], beats: list[float], due: float, kind: str
) -> None:
    operations = begun()
    callback = apply(operations, 0.0, update("c", "CALLBACK", "START", CallbackOptions=options))
    assert callback["CallbackDetails"]["CallbackId"] == "callback-id"
    for beat in beats:
        callback = durable.beaten(callback, beat)
    assert durable.due(callback) == due
    over = durable.matured(callback, due)
    assert over is not None
    assert (over["Status"], over["CallbackDetails"]["Error"]["ErrorType"]) == ("TIMED_OUT", kind)


def test_a_callback_without_limits_waits_for_ever() -> None:
    operations = begun()
    callback = apply(operations, 0.0, update("c", "CALLBACK", "START"))
    assert durable.due(callback) is None
    assert durable.waits(operations.values())


@pytest.mark.parametrize(
    ("updates", "text"),
    [
        ([update("w", "WAIT", "SUCCEED")], "Invalid action SUCCEED for the given operation type"),
        ([update("w", "WAIT", "START")], "WaitOptions are required"),
        ([update("x", "EXECUTION", "SUCCEED")], "it is not the execution's"),
        ([update("s", "STEP", "START", ParentId="nobody")], "Invalid parent operation id nobody"),
        (
            [update("s", "STEP", "SUCCEED"), update("s", "STEP", "SUCCEED")],
            "has ended with status SUCCEEDED",
        ),
        ([update("s", "STEP", "START"), update("s", "CONTEXT", "FAIL")], "is of type STEP"),
        (
            [update("k", "CONTEXT", "START"), update("k", "CONTEXT", "START")],
            "has started already",
        ),
    ],
)
def test_updates_that_make_no_sense(updates: list[dict[str, Any]], text: str) -> None:
    with pytest.raises(Refused, match=text):
        apply(begun(), 0.0, *updates)


def test_an_execution_has_an_end_to_its_operations() -> None:
    operations = begun()
    for number in range(durable.OPERATIONS_MAX - 1):
        apply(operations, 0.0, update(str(number), "STEP", "SUCCEED"))
    with pytest.raises(Refused, match="at most 3000"):
        apply(operations, 0.0, update("one more", "STEP", "START"))


KINDS = sorted(durable._ACTIONS)
UPDATES = st.builds(
    update,
    st.sampled_from(["e", "a", "b"]),
    st.sampled_from(KINDS),
    st.sampled_from(["START", "SUCCEED", "FAIL", "RETRY", "CANCEL"]),
    WaitOptions=st.just({"WaitSeconds": 2}),
    ChainedInvokeOptions=st.just({"FunctionName": "f"}),
    Payload=st.none() | st.just("1"),
    Error=st.none() | st.just({"ErrorType": "E"}),
)


@given(st.lists(st.tuples(UPDATES, st.floats(0, 3)), max_size=20))
def test_what_has_ended_stays_as_it_is(steps: list[tuple[dict[str, Any], float]]) -> None:
    """No sequence of updates and pauses changes an operation that has ended, or loses one."""
    operations, now = begun(), 0.0
    for given_, pause in steps:
        now += pause
        for key, operation in list(operations.items()):
            operations[key] = durable.matured(operation, now) or operation
        before = dict(operations)
        try:
            changed = durable.updated(operations, given_, now, "id")
        except Refused:
            assert operations == before
            continue
        assert before.get(changed["Id"], {}).get("Status") not in ENDED
        operations[changed["Id"]] = changed
        event = history.event(changed, now)
        assert event is None or event["EventType"].removesuffix("Details") + "Details" in event
        assert not any(key.startswith("_") for key in durable.shown(changed))
        assert ("EndTimestamp" in changed) == (changed["Status"] in ENDED)
