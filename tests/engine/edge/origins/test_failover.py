"""Origin groups."""

from __future__ import annotations

import pytest

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import OriginError, Response
from lambda_nb.engine.edge.origins.failover import fetch
from lambda_nb.engine.edge.origins.faults import NoAnswerError, NotConnectedError
from lambda_nb.engine.edge.settings import Origin, OriginGroup

ORIGINS = {name: Origin(name, f"{name}.example") for name in ("first", "second")}
REFUSED = NotConnectedError(502, "OriginConnectError", "refused")
UNREACHED = NotConnectedError(504, "OriginCommError", "no connection in time")
SILENT = NoAnswerError(504, "OriginCommError", "silent")
BROKEN = OriginError(502, "OriginReadError", "broken off")


class Asked:
    """Two origins; notes which were asked, and which responses were closed."""

    def __init__(self, first: int | OriginError, second: int | OriginError = 200) -> None:
        self._say = {"first": first, "second": second}
        self.asked: list[str] = []
        self.closed: list[str] = []

    async def __call__(self, origin: Origin) -> Response:
        self.asked.append(origin.id)
        said = self._say[origin.id]
        if isinstance(said, OriginError):
            raise said

        async def close() -> None:
            self.closed.append(origin.id)

        return Response(said, Headers(), close=close)


def group(*statuses: int) -> OriginGroup:
    return OriginGroup("g", "first", "second", frozenset(statuses))


@pytest.mark.parametrize(
    ("first", "statuses", "fails_over"),
    [
        (200, {500, 503}, False),
        (404, {500, 503}, False),
        (404, {404}, True),
        (503, {503}, True),
        (REFUSED, {503}, True),
        (UNREACHED, {503}, True),
        (UNREACHED, {504}, False),
        (SILENT, {504}, True),
        (SILENT, {503}, False),
        (BROKEN, {502}, True),
        (BROKEN, {503, 504}, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, OriginError) else None,
)
async def test_what_fails_over(
    first: int | OriginError, statuses: set[int], fails_over: bool
) -> None:
    asked = Asked(first)
    if isinstance(first, OriginError) and not fails_over:
        with pytest.raises(OriginError) as caught:
            await fetch(group(*statuses), ORIGINS, "GET", ("GET", "HEAD"), asked)
        assert caught.value is first
        return
    answered = await fetch(group(*statuses), ORIGINS, "GET", ("GET", "HEAD"), asked)
    assert answered.status == (200 if fails_over else first)
    assert asked.asked == (["first", "second"] if fails_over else ["first"])
    assert asked.closed == (["first"] if fails_over and isinstance(first, int) else [])


@pytest.mark.parametrize(
    ("method", "cached", "fails_over"),
    [
        ("HEAD", ("GET", "HEAD"), True),
        ("OPTIONS", ("GET", "HEAD", "OPTIONS"), True),
        ("OPTIONS", ("GET", "HEAD"), False),
        ("POST", ("GET", "HEAD"), False),
        ("PUT", ("GET", "HEAD", "OPTIONS"), False),
    ],
)
async def test_methods(method: str, cached: tuple[str, ...], fails_over: bool) -> None:
    answered = await fetch(group(500), ORIGINS, method, cached, Asked(500))
    assert answered.status == (200 if fails_over else 500)
    failing = Asked(REFUSED)
    if fails_over:
        assert (await fetch(group(503), ORIGINS, method, cached, failing)).status == 200
    else:
        with pytest.raises(NotConnectedError):
            await fetch(group(503), ORIGINS, method, cached, failing)


async def test_the_second_is_the_last() -> None:
    asked = Asked(500, 500)
    assert (await fetch(group(500), ORIGINS, "GET", (), asked)).status == 500
    assert asked.asked == ["first", "second"]
    with pytest.raises(OriginError) as caught:
        await fetch(group(500), ORIGINS, "GET", (), Asked(500, BROKEN))
    assert caught.value is BROKEN
