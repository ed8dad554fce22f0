"""JSONPaths of templates."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.gateways.mapping.json_path import JsonPath, JsonPathError

STORE: dict[str, Any] = {
    "book": [
        {"title": "A", "price": 8.95, "tags": ["x"]},
        {"title": "B", "price": 12.99, "isbn": "1"},
        {"title": "C", "price": 22, "isbn": "2"},
    ],
    "bicycle": {"price": 19.95, "a-b": 1, "c d": 2, "none": None},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", STORE),
        ("$.bicycle.price", 19.95),
        ("$.bicycle.a-b", 1),
        ("$['bicycle']['c d']", 2),
        ('$["bicycle"]["c d"]', 2),
        ("$.bicycle.none", None),
        ("$.missing.deep", None),
        ("$.book[0].title", "A"),
        ("$.book[-1].title", "C"),
        ("$.book[7]", None),
        ("$.book[*].title", ["A", "B", "C"]),
        ("$.book[0,2].title", ["A", "C"]),
        ("$.book[1:].title", ["B", "C"]),
        ("$.book[:1].title", ["A"]),
        ("$.book.length()", 3),
        ("$..price", [8.95, 12.99, 22, 19.95]),
        ("$.book[?(@.isbn)].title", ["B", "C"]),
        ("$.book[?(@.price < 10)].title", ["A"]),
        ("$.book[?(@.price > 10 && @.isbn == '2')].title", ["C"]),
        ("$.book[?(@.title == 'A' || @.title == 'B')].price", [8.95, 12.99]),
        ("$.book[?(@.title =~ /[ab]/i)].title", ["A", "B"]),
        ("$.book[?(@.title != 'A')].title", ["B", "C"]),
        ("$.bicycle['price','a-b']", [19.95, 1]),
        ("$.bicycle.*", [19.95, 1, 2, None]),
        ("$..book[0].title", ["A"]),
    ],
)
def test_what_is_found(path: str, found: object) -> None:
    assert JsonPath(path).find(STORE) == found


@pytest.mark.parametrize("path", ["", "a", "$.", "$[", "$.a[b]", "$.a[?(b)]", "$.a.nope()"])
def test_what_is_none(path: str) -> None:
    with pytest.raises(JsonPathError):
        JsonPath(path)


@given(st.text(alphabet="$.[]*'\"ab01,:?@()=<>&| -", max_size=20))
def test_any_text_is_a_path_or_an_error(text: str) -> None:
    try:
        path = JsonPath("$" + text)
    except (JsonPathError, ValueError):
        return
    path.find(STORE)


def test_a_path_that_finds_too_much() -> None:
    deep: Any = 0
    for _ in range(60):
        deep = [deep, [1]]
    with pytest.raises(JsonPathError, match="more than"):
        JsonPath("$" + "..*" * 9).find(deep)
