"""Which route a request takes."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.gateways.http_api.routes import Router

KEYS = [
    "GET /pets/dog/1",
    "GET /pets/dog/{id}",
    "GET /pets/{proxy+}",
    "ANY /{proxy+}",
    "$default",
    "POST /pets",
    "ANY /pets",
    "GET /",
    "GET /a/{x}/b",
    "GET /a/c/{y}",
]


def find(keys: list[str], method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """What a router of these keys finds."""
    match = Router((key, key) for key in keys).find(method, path)
    return None if match is None else (match.route, match.parameters)


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        # The first four are the examples of API Gateway's guide.
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        ("POST", "/pets", "POST /pets", {}),
        ("PUT", "/pets", "ANY /pets", {}),
        ("HEAD", "/pets", "ANY /pets", {}),
        ("HEAD", "/pets/dog/1", "ANY /{proxy+}", {"proxy": "pets/dog/1"}),
        ("GET", "/pets/", "GET /pets/{proxy+}", {"proxy": ""}),
        ("GET", "/", "GET /", {}),
        ("POST", "/", "ANY /{proxy+}", {"proxy": ""}),
        ("GET", "/a/c/b", "GET /a/c/{y}", {"y": "b"}),
        ("GET", "/a/d/b", "GET /a/{x}/b", {"x": "d"}),
        ("GET", "/pets/dog/a%2Fb%20c", "GET /pets/dog/{id}", {"id": "a/b c"}),
        ("GET", "/pets/%64og/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/", "GET /pets/{proxy+}", {"proxy": "dog/"}),
    ],
)
def test_precedence(method: str, path: str, key: str, parameters: dict[str, str]) -> None:
    assert find(KEYS, method, path) == (key, parameters)


def test_nothing_matches() -> None:
    assert find(["GET /pets", "GET /pets/{id}"], "GET", "/pets/") is None
    assert find(["GET /pets", "GET /pets/{id}"], "POST", "/pets") is None
    assert find(["GET /pets/{proxy+}"], "GET", "/pets") is None


def test_default_comes_last() -> None:
    assert find(["$default", "ANY /{proxy+}"], "GET", "/x") == ("ANY /{proxy+}", {"proxy": "x"})
    assert find(["$default", "POST /x"], "GET", "/x") == ("$default", {})


SEGMENTS = ["a", "b", "{x}", "{y}", "{proxy+}"]


@st.composite
def route_keys(draw: st.DrawFn) -> str:
    """A route key; a greedy variable stands last."""
    method = draw(st.sampled_from(["GET", "POST", "ANY"]))
    segments = draw(st.lists(st.sampled_from(SEGMENTS[:-1]), max_size=4))
    if draw(st.booleans()):
        segments.append("{proxy+}")
    return f"{method} /{'/'.join(segments)}"


def slow(keys: list[str], method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """The reference: each route is tried, and the best of those that match is taken."""
    best: tuple[tuple[object, ...], str, dict[str, str]] | None = None
    given = [unquote(segment) for segment in path.split("/")[1:]]
    for key in keys:
        wanted_method, _, wanted_path = key.partition(" ")
        if key == "$default":
            rank: tuple[object, ...] = (2,)
            parameters: dict[str, str] = {}
        elif wanted_method not in (method, "ANY"):
            continue
        else:
            wanted = wanted_path.split("/")[1:]
            greedy = wanted[-1].endswith("+}")
            parameters = {}
            kinds = []
            if len(given) < len(wanted) or (len(given) > len(wanted) and not greedy):
                continue
            for i, segment in enumerate(wanted):
                if segment.endswith("+}"):
                    kinds.append(2)
                    parameters[segment[1:-2]] = "/".join(given[i:])
                elif segment.startswith("{"):
                    kinds.append(1 if given[i] else 9)
                    parameters[segment[1:-1]] = given[i]
                else:
                    kinds.append(0 if given[i] == segment else 9)
            if 9 in kinds:
                continue
            rank = (int(greedy), kinds, wanted_method == "ANY")
        if best is None or rank < best[0]:
            best = rank, key, parameters
    return None if best is None else best[1:]


@given(
    st.lists(route_keys() | st.just("$default"), unique=True, max_size=12),
    st.sampled_from(["GET", "POST", "HEAD"]),
    st.lists(st.sampled_from(["a", "b", "c", "", "%61"]), min_size=1, max_size=5),
)
def test_like_a_plain_search(keys: list[str], method: str, segments: list[str]) -> None:
    # Of two routes that differ only in the names of variables AWS takes one.
    shapes: dict[str, str] = {}
    for key in keys:
        shapes.setdefault(key.replace("{x}", "{}").replace("{y}", "{}"), key)
    keys = list(shapes.values())
    path = "/" + "/".join(segments)
    assert find(keys, method, path) == slow(keys, method, path)
