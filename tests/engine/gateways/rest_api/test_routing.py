"""Which resource a path is for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.gateways.rest_api.routing import Routes

ROUTES = Routes(
    [
        ("/", {"GET": "root"}),
        ("/pets", {}),
        ("/pets/{id}", {"GET": "one", "ANY": "any one"}),
        ("/pets/mine", {"GET": "mine"}),
        ("/pets/{id}/toys", {"GET": "toys"}),
        ("/pets/mine/{proxy+}", {"GET": "of mine"}),
        ("/a b", {"GET": "spaced"}),
        ("/{proxy+}", {"ANY": "else"}),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "found", "values"),
    [
        ("GET", "/", "root", {}),
        ("GET", "", "root", {}),
        ("POST", "/", None, {}),
        ("GET", "/pets/mine", "mine", {}),
        ("GET", "/pets/7", "one", {"id": "7"}),
        ("PUT", "/pets/7", "any one", {"id": "7"}),
        ("GET", "/pets/7/", "one", {"id": "7"}),
        ("GET", "/pets/a%2Fb", "one", {"id": "a%2Fb"}),
        ("GET", "/pets/mine/toys", "of mine", {"proxy": "toys"}),
        ("GET", "/pets/7/toys", "toys", {"id": "7"}),
        ("POST", "/pets/mine", None, {}),
        ("GET", "/a%20b", "spaced", {}),
        ("GET", "/pets", "else", {"proxy": "pets"}),
        ("GET", "/pets/7/toys/1", "else", {"proxy": "pets/7/toys/1"}),
        ("GET", "/x/", "else", {"proxy": "x/"}),
    ],
)
def test_routing(method: str, path: str, found: str | None, values: dict[str, str]) -> None:
    got = ROUTES.find(method, path)
    if found is None:
        assert got is None
    else:
        assert got is not None
        assert (got.method, got.path_parameters) == (found, values)


@given(st.lists(st.sampled_from(["a", "b", "", "%2F", "é"]), max_size=8))
def test_every_path_has_an_answer(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    got = ROUTES.find("GET", path)
    if got is not None and got.method == "else":
        assert path == "/" + got.path_parameters["proxy"]
