"""Limits of the routes of a stage."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.engine.gateways.http_api.throttling import Throttling


def let_in(settings: dict[str, Any], *keys: str, before: Throttling | None = None) -> list[bool]:
    throttling = Throttling(settings, before, now=lambda: 5.0)
    return [throttling.lets_in(key) for key in keys]


def test_without_settings_all_are_let_in() -> None:
    assert not Throttling({}).any
    assert let_in({}, *["GET /x"] * 5) == [True] * 5


def test_each_route_has_the_default_for_itself() -> None:
    settings = {"DefaultRouteSettings": {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 1.0}}
    assert Throttling(settings).any
    assert let_in(settings, "GET /a", "GET /a", "GET /b") == [True, False, True]


def test_a_route_may_set_a_part_of_its_own() -> None:
    settings = {
        "DefaultRouteSettings": {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 1.0},
        "RouteSettings": {"GET /a": {"ThrottlingBurstLimit": 2}},
    }
    assert let_in(settings, *["GET /a"] * 3) == [True, True, False]


@pytest.mark.parametrize("name", ["ThrottlingBurstLimit", "ThrottlingRateLimit"])
def test_one_limit_without_the_other(name: str) -> None:
    settings = {"RouteSettings": {"GET /a": {name: 2}}}
    assert let_in(settings, *["GET /a"] * 3, "GET /b") == [True, True, False, True]


def test_limits_that_stay_go_on_counting() -> None:
    settings = {"DefaultRouteSettings": {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.1}}
    before = Throttling(settings, now=lambda: 5.0)
    assert before.lets_in("GET /a")
    assert let_in({**settings, "Description": "new"}, "GET /a", before=before) == [False]
    other = {"DefaultRouteSettings": {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 0.1}}
    assert let_in(other, "GET /a", before=before) == [True]
