"""What services keep may have changed: counted for each Region, by what concerns whom."""

from __future__ import annotations

import pytest

from lambda_nb.engine.api.neighbours import service_changes
from lambda_nb.engine.api.neighbours.service_changes import ServiceChanges
from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.iot.rules.rule_changes import concerns_rules

REGION = "eu-west-1"


def call(method: str = "POST", path: str = "/things/a", action: str = "") -> WatchedCall:
    return WatchedCall(REGION, method, action, {}, path)


def test_a_writing_call_is_a_change_of_its_region() -> None:
    changes, told = ServiceChanges(), []
    changes.watch(REGION, lambda: told.append(1))
    before, other = changes.revision(REGION), changes.revision("us-east-1")
    changes.answered(call("GET"))
    changes.answered(call(action="DescribeThings"))
    assert changes.revision(REGION) == before
    changes.answered(call())
    assert changes.revision(REGION) != before
    assert changes.revision("us-east-1") == other
    assert told == [1]


def test_a_watcher_that_comes_late_is_told_at_once() -> None:
    changes = ServiceChanges()
    changes.answered(call())
    told: list[int] = []
    changes.watch(REGION, lambda: told.append(1))
    ServiceChanges(kept=True).watch(REGION, lambda: told.append(2))
    ServiceChanges().watch(REGION, lambda: told.append(3))
    assert told == [1, 2]


def test_a_lost_state_is_a_change_everywhere() -> None:
    changes, told = ServiceChanges(), []
    changes.watch(REGION, lambda: told.append(1))
    before = changes.revision("us-east-1")
    changes.emptied()
    assert (changes.revision("us-east-1") != before, told) == (True, [1])


def test_a_service_is_used_once_something_was_made_there() -> None:
    changes = ServiceChanges()
    changes.emptied()
    assert not changes.used(REGION)
    changes.answered(call())
    assert (changes.used(REGION), changes.used("us-east-1")) == (True, False)
    assert ServiceChanges(kept=True).used(REGION)
    assert ServiceChanges(elsewhere=True).used(REGION)


def test_elsewhere_time_is_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = ServiceChanges(elsewhere=True)
    monkeypatch.setattr(service_changes.time, "monotonic", lambda: 10.2)
    first = changes.revision(REGION)
    monkeypatch.setattr(service_changes.time, "monotonic", lambda: 10.9)
    assert changes.revision(REGION) == first
    monkeypatch.setattr(service_changes.time, "monotonic", lambda: 11.1)
    assert changes.revision(REGION) != first


def test_only_what_concerns_it_counts() -> None:
    changes = ServiceChanges(concerns=concerns_rules)
    before = changes.revision(REGION)
    changes.answered(call(path="/things/sensor-1"))
    changes.answered(call(path="/certificates"))
    assert changes.revision(REGION) == before
    for path in ("/rules/hot", "/destinations", "/v2LoggingOptions", "/"):
        seen = changes.revision(REGION)
        changes.answered(call(path=path))
        assert changes.revision(REGION) != seen, path
