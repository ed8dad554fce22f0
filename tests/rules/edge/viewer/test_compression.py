"""When an object is compressed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.viewer import compression

HTML = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "1000"))


def chosen(**changed: Any) -> str | None:
    settings: dict[str, Any] = {
        "formats": ("br", "gzip"),
        "compress": True,
        "http_version": "HTTP/1.1",
        "status": 200,
        "headers": HTML,
    }
    return compression.choice(**{**settings, **changed})


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("br, gzip", ("br", "gzip")),
        ("gzip,deflate,BR;q=0.1", ("br", "gzip")),
        ("gzip; Q=0.00, br ;q=0.", ()),
        ("gzip", ("gzip",)),
        ("br", ("br",)),
        ("gzip;q=0, br;q=0.000", ()),
        ("gzip; q=0.5", ("gzip",)),
        ("deflate", ()),
        ("*", ()),
        ("x-gzip, brotli", ()),
        ("", ()),
    ],
)
def test_formats_that_a_viewer_takes(accept_encoding: str, expected: tuple[str]) -> None:
    assert compression.accepted([accept_encoding], gzip=True, brotli=True) == expected


@given(st.booleans(), st.booleans())
def test_only_formats_that_the_policy_enables(gzip: bool, brotli: bool) -> None:
    found = compression.accepted(["gzip", "br"], gzip=gzip, brotli=brotli)
    assert found == (("br",) if brotli else ()) + (("gzip",) if gzip else ())


def test_brotli_is_preferred() -> None:
    assert chosen() == "br"
    assert chosen(formats=("gzip",)) == "gzip"


@pytest.mark.parametrize(
    "changed",
    [
        {"formats": ()},
        {"compress": False},
        {"http_version": "HTTP/1.0"},
        {"status": 206},
        {"status": 500},
        {"headers": (*HTML, ("Content-Encoding", "identity"))},
        {"headers": (("Content-Type", "image/png"), HTML[1])},
        {"headers": (HTML[1],)},
        {"headers": (HTML[0],)},
        {"headers": (HTML[0], ("Content-Length", "999"))},
        {"headers": (HTML[0], ("Content-Length", "10000001"))},
        {"headers": (HTML[0], ("Content-Length", "1,000"))},
        {"headers": (HTML[0], ("Content-Length", "-1000"))},
    ],
)
def test_what_is_not_compressed(changed: dict[str, Any]) -> None:
    assert chosen(**changed) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"status": 403},
        {"status": 404},
        {"http_version": "HTTP/2.0"},
        {"headers": (("content-type", "IMAGE/SVG+XML"), ("content-length", "10000000"))},
    ],
)
def test_what_is_compressed(changed: dict[str, Any]) -> None:
    assert chosen(**changed) == "br"


def test_the_list_of_the_guide() -> None:
    assert len(compression.COMPRESSIBLE) == 48


@pytest.mark.parametrize(
    ("etag", "expected"),
    [('"a"', 'W/"a"'), ('W/"a"', 'W/"a"'), ("a", None), ('"a', None), ('"', None)],
)
def test_entity_tags_become_weak(etag: str, expected: str | None) -> None:
    assert compression.weak_etag(etag) == expected


def test_headers_of_a_compressed_object() -> None:
    before = [
        ("Content-Type", "text/css"),
        ("Content-Length", "5000"),
        ("Accept-Ranges", "bytes"),
        ("ETag", '"a"'),
        ("Vary", "Origin"),
    ]
    assert compression.compressed_headers(before, "br") == [
        ("Content-Type", "text/css"),
        ("ETag", 'W/"a"'),
        ("Content-Encoding", "br"),
        ("Vary", "Origin, Accept-Encoding"),
    ]


@pytest.mark.parametrize("vary", ["Accept-Encoding", "origin, accept-encoding", "*"])
def test_vary_says_it_once(vary: str) -> None:
    assert ("Vary", vary) in compression.compressed_headers([("Vary", vary)], "gzip")


def test_an_invalid_entity_tag_goes() -> None:
    assert [name for name, _ in compression.compressed_headers([("ETag", "a")], "gzip")] == [
        "Content-Encoding",
        "Vary",
    ]
