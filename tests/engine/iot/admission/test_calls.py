"""Which calls change whose permissions, and which are answered or refused here."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.admission.calls import IotCalls
from lambda_nb.engine.iot.admission.changes import Changes
from lambda_nb.engine.iot.admission.dry_runs import DryRuns
from lambda_nb.engine.iot.admission.registry import EVERYBODYS

ACCOUNT, REGION = "111122223333", "eu-west-1"
PREFIX = f"arn:aws:iot:{REGION}:{ACCOUNT}:"
CERTIFICATE = f"{PREFIX}cert/{'a' * 64}"


def call(method: str, path: str, body: Any = None, **headers: str) -> WatchedCall:
    content = b"" if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path, _, query = path.partition("?")
    return WatchedCall(REGION, method, "", {}, path, query, named, content)


async def none(region: str) -> DryRuns:
    raise AssertionError("nothing is shown")


def watch(changes: Changes, *, elsewhere: bool = False) -> IotCalls:
    return IotCalls(changes, none, ACCOUNT, REGION, elsewhere=elsewhere)


@pytest.mark.parametrize(
    ("made", "whose"),
    [
        (call("PUT", "/target-policies/p", {"target": CERTIFICATE}), [CERTIFICATE]),
        (call("POST", "/target-policies/p", {"target": CERTIFICATE}), [CERTIFICATE]),
        (call("PUT", "/target-policies/p", {"target": f"{PREFIX}thinggroup/g"}), [None]),
        (call("PUT", "/things/t/principals", x_amzn_principal=CERTIFICATE), [CERTIFICATE]),
        (call("DELETE", "/things/t/principals", x_amzn_principal=CERTIFICATE), [CERTIFICATE]),
        (call("PUT", f"/certificates/{'a' * 64}?newStatus=INACTIVE"), [CERTIFICATE]),
        (call("DELETE", f"/certificates/{'a' * 64}"), [CERTIFICATE]),
        (call("PATCH", "/things/t", {}), [f"{PREFIX}thing/t"]),
        (
            call("PUT", "/thing-groups/addThingToThingGroup", {"thingArn": f"{PREFIX}thing/t"}),
            [f"{PREFIX}thing/t"],
        ),
        (call("POST", "/policies/p/version", {"policyDocument": "{}"}), [None]),
        (call("PATCH", "/policies/p/version/2"), [None]),
        (call("POST", "/authorizer/a", {}), [EVERYBODYS]),
        (call("POST", "/default-authorizer", {"authorizerName": "a"}), [EVERYBODYS]),
        (call("POST", "/things/t", {}), []),
        (call("POST", "/keys-and-certificate?setAsActive=true"), []),
        (call("POST", "/indices/search", {"queryString": "*"}), []),
        (call("GET", "/things/t"), []),
        (call("POST", "/"), [None]),
    ],
)
async def test_a_call_concerns_whom_it_changes(made: WatchedCall, whose: list[Any]) -> None:
    changes = Changes()
    told: list[Any] = []
    changes.watch(REGION, told.append)
    watching = watch(changes)
    await watching.asked(made)
    watching.answered(made)
    assert told == whose


async def test_a_change_is_seen_by_those_whom_it_concerns_only() -> None:
    changes = Changes()
    before = changes.revision(REGION, CERTIFICATE), changes.revision(REGION, "another")
    changes.note(REGION, CERTIFICATE)
    assert changes.revision(REGION, CERTIFICATE) != before[0]
    assert changes.revision(REGION, "another") == before[1]
    changes.note("us-east-1", None)
    assert changes.revision(REGION, "another") == before[1]
    for change in (lambda: changes.note(REGION, None), changes.emptied):
        seen = changes.revision(REGION, "another")
        change()
        assert changes.revision(REGION, "another") != seen


def test_elsewhere_time_passing_is_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    changes = Changes(elsewhere=True)
    before = changes.revision(REGION)
    assert changes.revision(REGION) == before
    now += 10
    assert changes.revision(REGION) != before


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"sql": "SELECT * FROM 'a' WHERE", "actions": []}, "SqlParseException"),
        ({"sql": "SELECT * FROM 'a'", "actions": [{"salesforce": {}}]}, "InvalidRequestException"),
    ],
)
async def test_a_rule_that_cannot_run_is_refused(payload: dict[str, Any], code: str) -> None:
    changes = Changes()
    for method in ("POST", "PATCH"):
        made = call(method, "/rules/r", payload)
        with pytest.raises(AWSError) as raised:
            await watch(changes).asked(made)
        assert (raised.value.code, raised.value.status) == (code, 400)
        assert await watch(changes, elsewhere=True).asked(made) is None
    right = call("POST", "/rules/r", {"sql": "SELECT * FROM 'a'", "actions": []})
    assert await watch(changes).asked(right) is None


async def test_the_router_is_read_once_for_calls_at_the_same_time() -> None:
    watching = watch(Changes())
    await asyncio.gather(*(watching.asked(call("GET", "/things/t")) for _ in range(3)))
