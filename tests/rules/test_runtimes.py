"""Runtimes: the table agrees with the service model, and time passes as the table says."""

from __future__ import annotations

from datetime import date, timedelta

import botocore.session
import pytest

from lambda_nb.rules.refusal import Refused
from lambda_nb.rules.settings import runtimes
from lambda_nb.rules.settings.runtimes import RUNTIMES

TODAY = date(2026, 11, 23)


def test_the_table_holds_every_runtime_of_the_service_model() -> None:
    model = botocore.session.Session().get_service_model("lambda")
    known = set(model.shape_for("Runtime").enum)  # an older botocore knows fewer
    assert known <= set(RUNTIMES)


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=list(RUNTIMES))
def test_dates_follow_one_another(runtime: runtimes.Runtime) -> None:
    dates = [runtime.deprecated, runtime.block_create, runtime.block_update]
    given = [day for day in dates if day is not None]
    assert given == sorted(given)


def test_a_runtime_is_blocked_from_the_day_on() -> None:
    block = RUNTIMES["python3.9"].block_create
    assert block == date(2027, 2, 1)
    runtimes.check("python3.9", block - timedelta(days=1))
    with pytest.raises(Refused, match="no longer supported"):
        runtimes.check("python3.9", block)
    runtimes.check("python3.9", block, updating=True)
    with pytest.raises(Refused, match="no longer supported"):
        runtimes.check("python3.9", date(2027, 3, 3), updating=True)


@pytest.mark.parametrize("identifier", ["python3.7", "nodejs14.x", "go1.x", "java8", "provided"])
def test_runtimes_of_the_past(identifier: str) -> None:
    with pytest.raises(Refused, match="no longer supported"):
        runtimes.check(identifier, TODAY)


@pytest.mark.parametrize(
    "identifier",
    ["python3.8", "python3.14", "nodejs16.x", "nodejs24.x", "java21", "ruby3.4", "dotnet8",
     "provided.al2", "provided.al2023"],
)  # fmt: skip
def test_runtimes_of_today(identifier: str) -> None:
    assert runtimes.check(identifier, TODAY).identifier == identifier


def test_version_arns_have_the_model_s_form() -> None:
    arn = runtimes.version_arn("python3.12", "eu-west-1")
    head, _, digest = arn.rpartition(":")
    assert head == "arn:aws:lambda:eu-west-1::runtime"
    assert len(digest) == 64
    assert arn != runtimes.version_arn("python3.13", "eu-west-1")


@pytest.mark.parametrize(
    ("identifier", "numbers"),
    [
        ("python3.12", (3, 12)), ("nodejs20.x", (20,)), ("ruby3.3", (3, 3)), ("java21", (21,)),
        ("java8.al2", (8,)), ("java17.al2023", (17,)), ("provided.al2023", ()), ("go1.x", ()),
    ],
)  # fmt: skip
def test_what_a_runtime_asks_of_its_program(identifier: str, numbers: tuple[int, ...]) -> None:
    assert runtimes.numbers(identifier) == numbers


@pytest.mark.parametrize(
    ("wanted", "here", "nearest"),
    [
        ((3, 14), [(3, 9), (3, 12)], (3, 12)),
        ((3, 11), [(3, 12), (3, 10)], (3, 12)),
        ((18,), [(24,), (20,)], (20,)),
        ((4, 0), [(3, 1), (3, 4)], (3, 4)),
        ((21,), [], None),
    ],
)
def test_the_nearest_version(
    wanted: tuple[int, ...], here: list[tuple[int, ...]], nearest: tuple[int, ...] | None
) -> None:
    assert runtimes.nearest(wanted, here) == nearest
    assert runtimes.nearest(wanted, [*here, wanted]) == wanted
