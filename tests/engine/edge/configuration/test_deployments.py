"""Which of two distributions answers: the primary one, or the staging one."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.edge.configuration.deployments import COOKIE, choose
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.settings import ContinuousDeployment

BY_HEADER = ContinuousDeployment("E9", ("aws-cf-cd-test", "yes"))
BY_WEIGHT = ContinuousDeployment("E9", None, 0.1)
STICKY = ContinuousDeployment("E9", None, 0.1, 300, 600)
NOW = 1_700_000_000.0


def session(set_cookie: str) -> str:
    """The value of the session's cookie."""
    return SimpleCookie(set_cookie)[COOKIE].value


def later(set_cookie: str) -> Headers:
    """The headers of a browser's next request."""
    return Headers([("Cookie", f"{COOKIE}={session(set_cookie)}")])


@pytest.mark.parametrize(
    ("pairs", "staging"),
    [
        ([("Aws-Cf-Cd-Test", "yes")], True),
        ([("aws-cf-cd-test", "no")], False),
        ([("aws-cf-cd-test", "Yes")], False),
        ([("aws-cf-cd-test", "no"), ("aws-cf-cd-test", "yes")], True),
        ([], False),
    ],
)
def test_a_header_decides(pairs: list[tuple[str, str]], staging: bool) -> None:
    assert choose(BY_HEADER, Headers(pairs), NOW, 0.0) == (staging, "")


def test_a_share_of_all_requests_is_drawn_by_lot() -> None:
    draws = [number / 1000 for number in range(1000)]
    assert sum(choose(BY_WEIGHT, Headers(), NOW, draw).staging for draw in draws) == 100
    assert choose(BY_WEIGHT, Headers(), NOW, 0.0).set_cookie == ""


@pytest.mark.parametrize("draw", [0.05, 0.5])
def test_a_session_stays_where_the_lot_fell(draw: float) -> None:
    first = choose(STICKY, Headers(), NOW, draw)
    assert first.staging is (draw < 0.1)
    again = choose(STICKY, later(first.set_cookie), NOW + 299, 0.55 - draw)
    assert again.staging is first.staging


def test_a_silent_session_is_over() -> None:
    first = choose(STICKY, Headers(), NOW, 0.05)
    assert choose(STICKY, later(first.set_cookie), NOW + 299, 0.5).staging
    assert not choose(STICKY, later(first.set_cookie), NOW + 300, 0.5).staging


def test_a_busy_session_is_over_as_well_in_the_end() -> None:
    cookie = choose(STICKY, Headers(), NOW, 0.05).set_cookie
    for seconds in range(100, 600, 100):
        choice = choose(STICKY, later(cookie), NOW + seconds, 0.5)
        assert choice.staging
        cookie = choice.set_cookie
    assert not choose(STICKY, later(cookie), NOW + 600, 0.5).staging


def test_the_browser_forgets_the_cookie_when_the_session_is_over() -> None:
    first = choose(STICKY, Headers(), NOW, 0.05).set_cookie
    assert SimpleCookie(first)[COOKIE]["max-age"] == "300"
    second = choose(STICKY, later(first), NOW + 250, 0.05).set_cookie
    third = choose(STICKY, later(second), NOW + 450, 0.05).set_cookie
    assert SimpleCookie(third)[COOKIE]["max-age"] == "150"


def test_the_session_of_another_deployment_does_not_count() -> None:
    other = ContinuousDeployment("E8", None, 0.1, 300, 600)
    cookie = choose(other, Headers(), NOW, 0.05).set_cookie
    assert not choose(STICKY, later(cookie), NOW, 0.5).staging


@pytest.mark.parametrize(
    "deployment", [BY_HEADER, BY_WEIGHT, STICKY], ids=["header", "weight", "s"]
)
def test_neither_cache_nor_origin_see_the_cookie(deployment: ContinuousDeployment) -> None:
    headers = Headers([("Cookie", f"a=1; {COOKIE}=x"), ("X-A", "1"), ("Cookie", "b=2")])
    choose(deployment, headers, NOW, 0.5)
    assert list(headers) == [("Cookie", "a=1; b=2"), ("X-A", "1")]
    headers = Headers([("Cookie", f"{COOKIE}=x")])
    choose(deployment, headers, NOW, 0.5)
    assert list(headers) == []


def test_other_cookies_stay_as_they_are() -> None:
    headers = Headers([("Cookie", "a=1;b"), ("Cookie", "c")])
    choose(STICKY, headers, NOW, 0.5)
    assert list(headers) == [("Cookie", "a=1;b"), ("Cookie", "c")]


@given(
    st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";,"), max_size=30
    )
)
def test_a_cookie_that_somebody_made_up_is_no_session(value: str) -> None:
    for made in (value, f"E9.{value}", f"E9.staging.{value}", "E9.staging.9.9", "E9.staging.²..3"):
        headers = Headers([("Cookie", f"{COOKIE}={made}")])
        choice = choose(STICKY, headers, NOW, 0.5)
        assert session(choice.set_cookie).startswith("E9.primary.")
