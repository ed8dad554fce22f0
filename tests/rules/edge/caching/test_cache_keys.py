"""Cache keys: what makes two requests one object, and what does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.caching.cache_keys import (
    cache_key,
    chosen_cookies,
    chosen_headers,
    chosen_query,
    vary_for_viewer,
)


def every(name: str) -> bool:
    return True


class TestKey:
    def test_get_and_head_share_an_object_and_options_has_its_own(self) -> None:
        assert cache_key("/a", method="HEAD") == cache_key("/a") == ("/a", "/a")
        assert cache_key("/a", method="OPTIONS").text != cache_key("/a").text

    def test_the_address_has_the_query_of_the_key(self) -> None:
        assert cache_key("/a", "x=1", [("b", "2")]).address == "/a?x=1"

    def test_case_matters(self) -> None:
        assert cache_key("/A").text != cache_key("/a").text

    field = st.text(st.sampled_from("ab=;,: ?/"), max_size=4)
    headers = st.lists(st.tuples(st.sampled_from("ab"), field), max_size=2).map(tuple)

    @given(*[st.tuples(field, field, headers, field, st.sampled_from(["", "gzip"]))] * 2)
    def test_different_parts_make_different_keys(
        self,
        one: tuple[str, str, tuple[tuple[str, str], ...], str, str],
        other: tuple[str, str, tuple[tuple[str, str], ...], str, str],
    ) -> None:
        (path, query, *rest), (path2, query2, *rest2) = one, other
        # A path has no question mark: it would be the query's.
        path, path2 = path.replace("?", ""), path2.replace("?", "")
        same = (path, query, rest) == (path2, query2, rest2)
        texts = cache_key(path, query, *rest).text, cache_key(path2, query2, *rest2).text  # type: ignore[arg-type]
        assert (texts[0] == texts[1]) == same


class TestQuery:
    def test_order_and_case_matter(self) -> None:
        wanted = {"color", "size"}.__contains__
        assert chosen_query("color=red&size=large", wanted) == "color=red&size=large"
        assert chosen_query("size=large&color=red", wanted) == "size=large&color=red"
        assert chosen_query("Color=red&color=Red", wanted) == "color=Red"

    def test_only_the_ampersand_stands_between_parameters(self) -> None:
        """Both examples are the guide's (QueryStringParameters, 2026)."""
        wanted = {"color"}.__contains__
        assert chosen_query("color=red;size=large", wanted) == "color=red;size=large"
        assert chosen_query("size=large;color=red", wanted) == ""

    def test_parameters_without_a_value(self) -> None:
        assert chosen_query("a&&b=", every) == "a&b="


class TestHeaders:
    def test_order_and_case_of_names_do_not_matter(self) -> None:
        one = chosen_headers([("A", "1"), ("B", "2")], every)
        assert one == chosen_headers([("b", "2"), ("a", "1")], every)

    def test_case_of_values_does(self) -> None:
        assert chosen_headers([("a", "Acme")], every) != chosen_headers([("a", "acme")], every)

    def test_all_values_count(self) -> None:
        assert chosen_headers([("a", "1"), ("A", " 2")], every) == (("a", "1, 2"),)

    def test_others_are_left_out(self) -> None:
        assert chosen_headers([("a", "1"), ("B", "2")], {"b"}.__contains__) == (("b", "2"),)

    def test_none_is_not_an_empty_one(self) -> None:
        assert chosen_headers([("a", "")], every) != chosen_headers([], every)


class TestCookies:
    def test_they_are_sorted_by_name(self) -> None:
        assert chosen_cookies(["b=1; a=2", "c=3; a=1"], every) == "a=2; a=1; b=1; c=3"

    def test_case_matters(self) -> None:
        assert chosen_cookies(["a=1; A=1"], {"A"}.__contains__) == "A=1"

    def test_what_is_no_cookie_is_dropped(self) -> None:
        assert chosen_cookies(["$Path=/; =x; y; a=b=c"], every) == "a=b=c"


class TestVary:
    def test_members_that_nothing_varies_by_are_taken_out(self) -> None:
        assert vary_for_viewer(["Accept-Language, X, Cookie"], ["x"]) == "X, Cookie"
        assert vary_for_viewer(["*"], []) is None
        assert vary_for_viewer(["X, *"], [], everything=True) == "*"
        assert vary_for_viewer([], []) is None

    def test_user_agent_is_told_with_device_headers(self) -> None:
        assert vary_for_viewer(["User-Agent"], ["cloudfront-is-mobile-viewer"]) == "User-Agent"
        assert vary_for_viewer(["User-Agent"], ["origin"]) is None
