"""What counts as a change of load balancers."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lambda_nb.engine.api.neighbours.service_changes import ServiceChanges
from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.gateways.load_balancer.configuration import Configuration
from lambda_nb.engine.gateways.load_balancer.permitted_targets import PermittedTargets

REGION = "us-east-1"


def nobody(arn: str) -> Any:
    raise AssertionError(f"nobody asks for {arn}")


def made(*, elsewhere: bool = False, kept: bool = False) -> ServiceChanges:
    return ServiceChanges(elsewhere=elsewhere, kept=kept)


def call(action: str, region: str = REGION, **more: str) -> WatchedCall:
    return WatchedCall(region, "POST", action, {"Action": action, **more})


@pytest.mark.parametrize("action", ["CreateRule", "RegisterTargets", "DeleteStack", ""])
def test_a_change_is_one_of_its_region(action: str) -> None:
    changes = made()
    seen: list[str] = []
    for region in (REGION, "eu-west-1"):
        changes.watch(region, lambda region=region: seen.append(region))  # type: ignore[misc]
    before = changes.revision(REGION), changes.revision("eu-west-1")
    changes.answered(call(action))
    assert changes.revision(REGION) != before[0]
    assert changes.revision("eu-west-1") == before[1]
    assert seen == [REGION]


@pytest.mark.parametrize("action", ["DescribeRules", "GetTemplate", "ListStacks"])
def test_reading_is_none(action: str) -> None:
    changes = made()
    before = changes.revision(REGION)
    changes.answered(call(action))
    assert changes.revision(REGION) == before


def test_a_query_may_write_with_get() -> None:
    changes = made()
    before = changes.revision(REGION)
    changes.answered(WatchedCall(REGION, "GET", "CreateRule", {"Action": "CreateRule"}))
    assert changes.revision(REGION) != before


def test_everything_has_changed_when_the_services_are_empty() -> None:
    changes = made()
    seen: list[int] = []
    changes.watch(REGION, lambda: seen.append(1))
    before = changes.revision("eu-west-1")
    changes.emptied()
    assert changes.revision("eu-west-1") != before
    assert seen == [1]


def test_what_is_kept_is_looked_at_at_once() -> None:
    seen: list[int] = []
    made(kept=True).watch(REGION, lambda: seen.append(1))
    made().watch(REGION, lambda: seen.append(2))
    assert seen == [1]


def test_a_service_elsewhere_may_change_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.2]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    changes = made(elsewhere=True)
    before = changes.revision(REGION)
    now[0] = 100.9
    assert changes.revision(REGION) == before
    now[0] = 101.1
    assert changes.revision(REGION) != before


async def test_targets_that_are_no_functions_are_nobodys_business() -> None:
    told = {"Targets.member.1.Id": "127.0.0.1", "TargetGroupArn": "arn"}
    await PermittedTargets(nobody).asked(call("RegisterTargets", **told))
    function = {"Targets.member.1.Id": "arn:aws:lambda:us-east-1:000000000000:function:f"}
    await PermittedTargets(nobody).asked(call("DescribeTargetHealth", **function))
    with pytest.raises(AssertionError, match="nobody asks"):
        await PermittedTargets(nobody).asked(call("RegisterTargets", **function))


def test_a_call_is_read_off_its_body_or_its_query() -> None:
    async def receive() -> dict[str, Any]:
        raise AssertionError

    scope = "Credential=AKIA/20260101/eu-west-1/elasticloadbalancing/aws4_request"
    signed = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
    request = HttpRequest("POST", "/", "", {"authorization": signed}, receive)
    body = b"Action=CreateRule&Priority=1&ListenerArn="
    told = WatchedCall.of(request, body)
    parameters = {"Action": "CreateRule", "Priority": "1", "ListenerArn": ""}
    whole = ("/", "", request.headers, body)
    assert told == WatchedCall("eu-west-1", "POST", "CreateRule", parameters, *whole)
    request.query = "Action=DescribeRules"
    assert WatchedCall.of(request, b"").action == "DescribeRules"

    async def chunks() -> Any:
        yield b"Action=CreateRule"

    request.query = ""
    streamed = WatchedCall.of(request, chunks())
    assert streamed.action == ""


async def test_nobody_asks_a_service_that_holds_nothing() -> None:
    changes = made()
    configuration = Configuration(nobody, changes, REGION)
    changes.emptied()
    assert await configuration.target_groups() == []
    changes.answered(call("CreateTargetGroup"))
    with pytest.raises(AssertionError, match="elbv2"):
        await configuration.target_groups()
