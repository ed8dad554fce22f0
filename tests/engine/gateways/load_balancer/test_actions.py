"""Actions of listener rules."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.engine.gateways.load_balancer.actions import Fixed, Redirect, Refused, compiled
from lambda_nb.engine.gateways.load_balancer.conditions import Asked
from lambda_nb.engine.gateways.load_balancer.target_groups import Forward, TargetGroup

ASKED = Asked("GET", "example.com", "/a/b%20c", "x=1&y=2", (), "127.0.0.1")


def redirect(**told: str) -> Redirect:
    action = compiled(
        [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", **told}}], {}
    )
    assert isinstance(action, Redirect)
    return action


@pytest.mark.parametrize(
    ("told", "location"),
    [
        ({}, "http://example.com:80/a/b%20c?x=1&y=2"),
        ({"Protocol": "HTTPS", "Port": "443"}, "https://example.com:443/a/b%20c?x=1&y=2"),
        ({"Host": "www.#{host}"}, "http://www.example.com:80/a/b%20c?x=1&y=2"),
        ({"Path": "/new/#{path}"}, "http://example.com:80/new/a/b%20c?x=1&y=2"),
        ({"Path": "/", "Query": ""}, "http://example.com:80/"),
        ({"Query": "#{query}&z=3"}, "http://example.com:80/a/b%20c?x=1&y=2&z=3"),
        ({"Host": "ü.de"}, "http://%C3%BC.de:80/a/b%20c?x=1&y=2"),
        ({"Path": "/€\r\nx"}, "http://example.com:80/%E2%82%AC%0D%0Ax?x=1&y=2"),
        ({"Path": "/#{port}/#{protocol}"}, "http://example.com:80/80/http?x=1&y=2"),
    ],
)
def test_a_redirect_fills_its_places(told: dict[str, str], location: str) -> None:
    assert redirect(**told).location(ASKED, "http", 80) == location


def test_a_place_that_is_filled_is_not_looked_at_again() -> None:
    asked = Asked("GET", "example.com", "/#{host}", "", (), "")
    assert redirect().location(asked, "http", 80) == "http://example.com:80/#{host}"


def test_a_fixed_response_may_have_no_body() -> None:
    told = {"StatusCode": "204"}
    action = compiled([{"Type": "fixed-response", "FixedResponseConfig": told}], {})
    assert isinstance(action, Fixed)
    reply = action.reply()
    assert (reply.status, reply.body, reply.content_type) == (204, b"", None)


@pytest.mark.parametrize("kind", ["authenticate-cognito", "authenticate-oidc"])
def test_an_action_that_cannot_be_done_is_refused_before_what_follows(kind: str) -> None:
    told = {"StatusCode": "200"}
    actions: list[dict[str, Any]] = [
        {"Type": "fixed-response", "FixedResponseConfig": told, "Order": 2},
        {"Type": kind, "Order": 1},
    ]
    action = compiled(actions, {})
    assert isinstance(action, Refused)
    assert kind in action.why


def test_a_forward_names_one_group_or_several() -> None:
    groups = {name: TargetGroup(name, "lambda", "", ()) for name in ("one", "two")}
    one = compiled([{"Type": "forward", "TargetGroupArn": "one"}], groups)
    assert one == Forward([(groups["one"], 1)])
    told = {
        "TargetGroups": [
            {"TargetGroupArn": "one", "Weight": 3},
            {"TargetGroupArn": "two"},
            {"TargetGroupArn": "gone", "Weight": 9},
        ],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
    }
    several = compiled([{"Type": "forward", "ForwardConfig": told}], groups)
    assert several == Forward([(groups["one"], 3), (groups["two"], 1)], 60)
