"""Which target group gets a request, and which of its targets."""

from __future__ import annotations

from collections import Counter

from lambda_nb.engine.api.wire.http import Header
from lambda_nb.engine.gateways.load_balancer.target_groups import (
    Forward,
    Target,
    TargetGroup,
    cookies_of,
)

TARGETS = [Target("10.0.0.1", 80), Target("10.0.0.2", 80), Target("10.0.0.3", 8080)]


def sent(headers: list[Header]) -> dict[str, str]:
    """The cookies that a client sends after it got these headers."""
    return cookies_of("; ".join(value.decode().partition(";")[0] for _, value in headers))


def test_each_target_has_its_turn() -> None:
    group = TargetGroup("arn", "ip", "HTTP", TARGETS)
    assert [group.target({}) for _ in range(6)] == TARGETS * 2
    assert TargetGroup("arn", "ip", "HTTP", ()).target({}) is None


def test_a_client_stays_with_its_target() -> None:
    group = TargetGroup("arn", "ip", "HTTP", TARGETS, sticky_s=60)
    cookies = sent(group.cookies_for(TARGETS[1]))
    assert {group.target(cookies) for _ in range(5)} == {TARGETS[1]}
    assert group.target({"AWSALB": "forged"}) == TARGETS[0]
    other = TargetGroup("other", "ip", "HTTP", TARGETS, sticky_s=60)
    assert other.target(cookies) == TARGETS[0]
    assert TargetGroup("arn", "ip", "HTTP", TARGETS).cookies_for(TARGETS[0]) == []


def test_groups_get_requests_by_weight() -> None:
    one, two, none = (TargetGroup(name, "lambda", "", ()) for name in ("1", "2", "3"))
    forward = Forward([(one, 1), (two, 3), (none, 0)])
    counted = Counter(group.arn for _ in range(2000) if (group := forward.choose({})))
    assert set(counted) == {"1", "2"}
    assert 1200 < counted["2"] < 1800
    assert Forward([(one, 0), (two, 0)]).choose({}) is None
    assert Forward([]).choose({}) is None


def test_a_client_stays_with_its_group() -> None:
    one, two = (TargetGroup(name, "lambda", "", ()) for name in ("1", "2"))
    forward = Forward([(one, 999), (two, 1)], 3600)
    headers = forward.cookies_for(two)
    plain, twin = (value.decode() for _, value in headers)
    assert plain.startswith("AWSALBTG=")
    assert plain.endswith("GMT; Path=/")
    assert twin.startswith("AWSALBTGCORS=")
    assert twin.endswith("; SameSite=None; Secure")
    assert all(forward.choose(sent(headers)) is two for _ in range(20))
