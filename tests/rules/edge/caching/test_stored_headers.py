"""What is kept of an answer's head, and what a 304 changes."""

from __future__ import annotations

import pytest

from lambda_nb.rules.edge.caching.stored_headers import OF_ONE_CONNECTION, kept, refreshed

CAME = 784111777.0
DATE = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")


@pytest.mark.parametrize("name", sorted(OF_ONE_CONNECTION))
def test_fields_of_one_connection_are_not_kept(name: str) -> None:
    assert kept([(name.title(), "x"), ("A", "1"), DATE], CAME) == [("A", "1"), DATE]


def test_fields_that_connection_names_are_not_kept() -> None:
    headers = [("Connection", "close, X-Hop"), ("x-hop", "1"), ("A", "1"), DATE]
    assert kept(headers, CAME) == [("A", "1"), DATE]


def test_fields_that_cache_control_names_are_not_kept() -> None:
    told = ("Cache-Control", 'no-cache="Set-Cookie", max-age=5')
    assert kept([told, ("set-cookie", "a=b"), DATE], CAME) == [told, DATE]


def test_age_is_not_kept_and_a_date_is_added() -> None:
    assert kept([("Age", "5"), ("A", "1"), ("A", "2")], CAME) == [("A", "1"), ("A", "2"), DATE]


class TestRefreshed:
    def test_news_replace_what_they_name(self) -> None:
        stored = [("A", "1"), ("B", "1"), ("b", "2"), DATE]
        news = [("b", "3"), ("C", "4"), DATE]
        assert refreshed(stored, news, CAME) == [("A", "1"), ("b", "3"), ("C", "4"), DATE]

    @pytest.mark.parametrize("name", ["Content-Length", "Content-Encoding", "Content-Range"])
    def test_what_describes_the_body_stays(self, name: str) -> None:
        assert refreshed([(name, "36"), DATE], [(name, "10"), DATE], CAME) == [(name, "36"), DATE]

    def test_content_type_is_replaced(self) -> None:
        news = [("Content-Type", "text/plain; charset=utf-8"), DATE]
        assert refreshed([("Content-Type", "text/plain")], news, CAME) == news

    def test_a_weakened_tag_stays(self) -> None:
        stored = [("ETag", 'W/"a"'), DATE]
        assert refreshed(stored, [("ETag", '"a"'), DATE], CAME) == stored
        assert refreshed(stored, [("ETag", '"b"'), DATE], CAME) == [("ETag", '"b"'), DATE]

    def test_a_304_without_a_date_is_of_now(self) -> None:
        old = ("Date", "Sun, 06 Nov 1994 08:00:00 GMT")
        assert refreshed([old, ("A", "1")], [], CAME) == [("A", "1"), DATE]

    def test_its_age_counts(self) -> None:
        assert ("Age", "7") in refreshed([DATE], [("Age", "7"), DATE], CAME)
