"""How long an answer is used: CloudFront's table of TTLs, errors, ages, and stale use."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.caching.freshness import (
    Lifetime,
    Ttls,
    age_on_arrival,
    lifetime,
    varies_with_everything,
)
from lambda_nb.rules.edge.viewer import http_dates

NOW = 1_800_000_000.0
OPTIMIZED = Ttls(1, 86_400, 31_536_000, 10)
FREE = Ttls(0, 86_400, 31_536_000, 10)
DISABLED = Ttls(0, 0, 0, 10)


def at(seconds: float) -> str:
    return http_dates.text(NOW + seconds)


def life(
    *headers: tuple[str, str],
    ttls: Ttls = FREE,
    status: int = 200,
    took: float = 0,
    secret: bool = False,
) -> Lifetime | None:
    return lifetime(status, headers, ttls, NOW - took, NOW, secret=secret)


def fresh(*headers: tuple[str, str], ttls: Ttls = FREE, status: int = 200) -> float:
    found = life(*headers, ttls=ttls, status=status)
    assert found is not None
    return found.fresh


def said(*directives: str) -> tuple[str, str]:
    return ("Cache-Control", ", ".join(directives))


class TestTable:
    """The table of the guide's page "Expiration", cell by cell."""

    ROOMY = Ttls(100, 500, 1000, 10)
    ZERO = Ttls(0, 500, 1000, 10)

    @pytest.mark.parametrize("directive", ["max-age", "s-maxage"])
    @pytest.mark.parametrize(
        ("ttls", "told", "kept"),
        [(ZERO, 5, 5), (ZERO, 5000, 1000), (ROOMY, 200, 200), (ROOMY, 5, 100), (ROOMY, 5000, 1000)],
        ids=["least-0", "least-0-most", "between", "below", "above"],
    )
    def test_directives(self, directive: str, ttls: Ttls, told: int, kept: float) -> None:
        assert fresh(said(f"{directive}={told}"), ttls=ttls) == kept

    @pytest.mark.parametrize(
        ("ttls", "told", "kept"),
        [(ZERO, 5, 5), (ZERO, 5000, 1000), (ROOMY, 200, 200), (ROOMY, 5, 100), (ROOMY, 5000, 1000)],
        ids=["least-0", "least-0-most", "between", "below", "above"],
    )
    def test_expires(self, ttls: Ttls, told: int, kept: float) -> None:
        assert fresh(("Expires", at(told)), ("Date", at(0)), ttls=ttls) == kept

    def test_nothing_said(self) -> None:
        assert fresh(ttls=self.ZERO) == 500
        assert fresh(ttls=self.ROOMY) == 500
        assert fresh(ttls=Ttls(900, 500, 1000, 10)) == 900

    def test_s_maxage_wins(self) -> None:
        assert fresh(said("max-age=5", "s-maxage=7")) == 7

    def test_max_age_wins_over_expires(self) -> None:
        assert fresh(said("max-age=5"), ("Expires", at(900))) == 5
        assert fresh(said("max-age=0"), ("Expires", at(900))) == 0

    @pytest.mark.parametrize("name", ["no-cache", "no-store", "private"])
    def test_restrictions(self, name: str) -> None:
        assert fresh(said("max-age=500", name), ttls=self.ZERO) == 0
        assert fresh(said("max-age=500", name), ttls=self.ROOMY) == 100

    def test_caching_disabled(self) -> None:
        assert life(said("max-age=500"), ttls=DISABLED) is None
        assert life(ttls=DISABLED, status=503) is None


class TestExpires:
    @pytest.mark.parametrize(
        "date",
        [
            "Thursday, 18-Aug-50 02:01:18 GMT",
            "Thu Aug  8 02:01:18 2050",
            "THU, 18 Aug 2050 02:01:18 GMT",
            "Thu, 18 AUG 2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 02:01:18 gMT",
            "Sun, 21 Nov 2286 04:46:39 GMT",
        ],
    )
    def test_dates_that_are_read(self, date: str) -> None:
        assert fresh(("Expires", date)) > 86_400

    @pytest.mark.parametrize(
        "date",
        [
            "0",
            "-1",
            "Thu, 18 Aug 2050 02:01:18 UTC",
            "Thu, 18 Aug 50 02:01:18 GMT",
            "Thu 18 Aug 2050 02:01:18 GMT",
            "Thu, 18  Aug  2050 02:01:18 GMT",
            "Thu, 18-Aug-2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 02.01.18 GMT",
            "Thu, 18 Aug 2050 2:01:18 GMT",
        ],
    )
    def test_others_are_in_the_past(self, date: str) -> None:
        assert fresh(("Expires", date)) == 0

    def test_it_counts_from_the_origins_date(self) -> None:
        assert fresh(("Date", at(-10)), ("Expires", at(10))) == pytest.approx(11)  # 20 less age 9
        assert fresh(("Date", at(400)), ("Expires", at(300))) == 0

    def test_an_invalid_date_counts_as_now(self) -> None:
        assert fresh(("Date", "foo"), ("Expires", at(10))) == 10


class TestAge:
    @pytest.mark.parametrize(
        ("value", "age"),
        [
            ("7200", 7200),
            ("7200, 0", 7200),
            ("0, 7200", 0),
            ("abc", 0),
            ("-7200", 0),
            ("7200.0", 0),
            ("7200;foo=bar", 0),
            ("2147483649", 2147483649),
        ],
    )
    def test_field(self, value: str, age: float) -> None:
        assert age_on_arrival([("Age", value)], NOW, NOW) == age

    def test_the_first_field_counts(self) -> None:
        assert age_on_arrival([("Age", "5"), ("Age", "0")], NOW, NOW) == 5

    def test_date_and_delay(self) -> None:
        assert age_on_arrival([("Date", at(-100))], NOW, NOW) == 99
        assert age_on_arrival([("Date", at(100)), ("Age", "3")], NOW - 2, NOW) == 5
        assert age_on_arrival([("Date", at(-100)), ("Age", "300")], NOW, NOW) == 300

    def test_a_date_of_this_second_is_new(self) -> None:
        assert age_on_arrival([("Date", at(0))], NOW + 0.9, NOW + 0.9) == 0

    def test_it_shortens_what_is_told_and_not_the_least(self) -> None:
        assert fresh(said("max-age=3600"), ("Age", "7200")) == 0
        assert fresh(said("max-age=3600"), ("Age", "600")) == 3000
        assert fresh(said("max-age=3600"), ("Age", "7200"), ttls=OPTIMIZED) == 1
        assert fresh(("Age", "7200")) == 86_400

    def test_endless_digits(self) -> None:
        assert age_on_arrival([("Age", "9" * 9999)], NOW, NOW) > 1e20


class TestErrors:
    @pytest.mark.parametrize("status", [404, 414, 500, 501, 502, 503, 504])
    def test_kept_for_the_error_ttl(self, status: int) -> None:
        assert fresh(status=status) == 10
        assert fresh(said("max-age=5"), status=status) == 10
        assert fresh(said("max-age=60"), status=status) == 60
        assert fresh(said("max-age=60", "s-maxage=20"), status=status) == 20

    @pytest.mark.parametrize("status", [400, 403, 405, 412, 415])
    def test_kept_only_if_told(self, status: int) -> None:
        assert life(status=status) is None
        assert life(("Expires", at(60)), status=status) is None
        assert fresh(said("max-age=60"), status=status) == 60
        assert fresh(said("s-maxage=1"), status=status) == 10

    @pytest.mark.parametrize("status", [401, 410, 416, 418, 429, 505, 599])
    def test_never_kept(self, status: int) -> None:
        assert life(said("max-age=60"), status=status) is None

    def test_restrictions_keep_client_errors_out(self) -> None:
        assert life(said("no-store"), status=404) is None
        assert fresh(said("no-store"), status=404, ttls=OPTIMIZED) == 10
        assert fresh(said("no-store"), status=503) == 10

    def test_no_error_caching(self) -> None:
        assert life(status=503, ttls=Ttls(0, 86_400, 86_400, 0)) is None

    def test_an_error_is_not_used_stale(self) -> None:
        found = life(said("max-age=60", "stale-if-error=60"), status=503)
        assert found is not None
        assert (found.stale_if_error, found.stale_while_revalidate) == (0, 0)


class TestStaleUse:
    def stale(self, *directives: str, ttls: Ttls = FREE) -> tuple[float, float]:
        found = life(said(*directives), ttls=ttls)
        assert found is not None
        return found.stale_while_revalidate, found.stale_if_error

    def test_without_directives_up_to_the_longest_time(self) -> None:
        assert self.stale("max-age=2", ttls=Ttls(0, 5, 70, 10)) == (0, 70)
        assert self.stale("no-store", ttls=Ttls(0, 5, 70, 10)) == (0, 70)
        assert self.stale("s-maxage=2", ttls=Ttls(0, 5, 70, 10)) == (0, 70)

    def test_directives_are_capped_by_the_longest_time(self) -> None:
        told = ("max-age=2", "stale-while-revalidate=20", "stale-if-error=30")
        assert self.stale(*told) == (20, 30)
        assert self.stale(*told, ttls=Ttls(0, 5, 25, 10)) == (20, 25)
        assert self.stale(*told, ttls=Ttls(0, 5, 15, 10)) == (15, 15)

    def test_stale_if_error_0_forbids_it(self) -> None:
        assert self.stale("no-cache", "stale-if-error=0") == (0, 0)

    @pytest.mark.parametrize("name", ["must-revalidate", "proxy-revalidate"])
    def test_it_must_be_revalidated(self, name: str) -> None:
        told = (name, "max-age=2", "stale-while-revalidate=9", "stale-if-error=9")
        assert self.stale(*told) == (0, 0)

    def test_restrictions_forbid_use_while_asking(self) -> None:
        assert self.stale("no-cache", "stale-while-revalidate=9")[0] == 0


class TestVary:
    @pytest.mark.parametrize("values", [["*"], ["*, *"], ["Foo, *"], ["", "*"], ["*", "Foo"]])
    def test_everything(self, values: list[str]) -> None:
        headers = [("Vary", value) for value in values]
        assert varies_with_everything(headers)
        found = life(said("max-age=60", "stale-while-revalidate=60"), *headers)
        assert found == Lifetime(0, 0, 0, 31_536_000, conditional=False)

    def test_a_least_time_goes_before_it(self) -> None:
        assert fresh(said("max-age=60"), ("Vary", "*"), ttls=OPTIMIZED) == 60

    def test_names_do_not_matter(self) -> None:
        assert fresh(said("max-age=60"), ("Vary", "Foo, Bar*")) == 60


class TestOthers:
    @pytest.mark.parametrize("status", [200, 203, 204, 206, 299, 301, 302, 303, 307, 308])
    def test_every_success_and_redirect_is_kept(self, status: int) -> None:
        assert fresh(said("max-age=60"), status=status) == 60

    def test_not_modified_is_not(self) -> None:
        assert life(said("max-age=60"), status=304) is None

    def test_authorization(self) -> None:
        assert life(said("max-age=60"), secret=True) is None
        for name in ("public", "must-revalidate", "s-maxage=60"):
            assert life(said("max-age=60", name), secret=True) is not None

    @given(
        st.sampled_from([200, 301, 404, 403, 503]),
        st.lists(
            st.tuples(
                st.sampled_from(["Cache-Control", "Expires", "Date", "Age", "Vary"]),
                st.one_of(
                    st.text(max_size=20),
                    st.sampled_from(["max-age=7", "no-store", "*", "stale-if-error=9", "9"]),
                    st.integers(-(10**6), 10**6).map(at),
                ),
            ),
            max_size=6,
        ),
        st.tuples(*[st.integers(0, 10**6)] * 4).map(
            lambda t: Ttls(min(t[:2]), t[2], max(t[:2]), t[3])
        ),
    )
    def test_times_are_within_bounds(
        self, status: int, headers: list[tuple[str, str]], ttls: Ttls
    ) -> None:
        found = lifetime(status, headers, ttls, NOW, NOW)
        if found is None:
            return
        assert all(
            0 <= time < math.inf
            for time in (
                found.age,
                found.fresh,
                found.stale_while_revalidate,
                found.stale_if_error,
            )
        )
        assert found.fresh <= max(ttls.least, ttls.most, ttls.default, ttls.errors)
        star = varies_with_everything(headers) and ttls.least == 0
        assert star or status >= 400 or found.fresh >= ttls.least
