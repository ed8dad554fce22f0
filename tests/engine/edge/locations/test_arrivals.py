"""Which edge location takes a request, and what its ways cost."""

from __future__ import annotations

import pytest

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.locations.locations import Locations
from lambda_nb.rules.edge.locations import UnknownLocationError, parse_codes

WORLD = Locations(("fra", "IAD", "nrt"), "eu-west-1")


def asks(**headers: str) -> Headers:
    return Headers([(name.replace("_", "-"), value) for name, value in headers.items()])


class TestParsing:
    def test_codes_may_have_any_case_and_stand_twice(self) -> None:
        assert parse_codes("fra, IAD,nrt,fra") == ("FRA", "IAD", "NRT")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("fra,xyz", "there is no edge location 'xyz'; give a code"),
            ("london", "did you mean lhr (London)?"),
            ("frb", "did you mean fra (Frankfurt)?"),
            (" , ", "no edge location is given"),
        ],
    )
    def test_what_is_none_is_refused(self, text: str, said: str) -> None:
        with pytest.raises(UnknownLocationError) as caught:
            parse_codes(text)
        assert said in str(caught.value)


class TestWhoTakesARequest:
    @pytest.mark.parametrize(
        ("viewer", "code"),
        [("Berlin", "FRA"), ("US", "IAD"), ("35.7,139.7", "NRT"), ("sydney", "NRT"), ("IS", "FRA")],
    )
    def test_the_nearest_takes_a_viewer(self, viewer: str, code: str) -> None:
        assert WORLD.take(asks(X_Viewer_Location=viewer)).location.code == code

    def test_a_request_that_says_nothing_goes_to_the_first_and_waits_for_nothing(self) -> None:
        arrival = WORLD.take(asks(Host="a"))
        assert (arrival.location.code, arrival.country, arrival.delay_s("https", True)) == (
            "FRA",
            "",
            0.0,
        )

    def test_a_location_that_is_named_takes_a_viewer_from_anywhere(self) -> None:
        arrival = WORLD.take(asks(X_Edge_Location="nrt", X_Viewer_Location="berlin"))
        assert (arrival.location.code, arrival.country) == ("NRT", "DE")
        assert arrival.delay_s("http", False) > 0.15

    def test_neither_cache_nor_origin_sees_the_headers(self) -> None:
        headers = asks(Host="a", X_Edge_Location="nrt", X_Viewer_Location="berlin", Accept="*/*")
        WORLD.take(headers)
        assert [name for name, _ in headers] == ["Host", "Accept"]

    def test_a_location_that_is_not_there_is_refused_with_what_to_do(self) -> None:
        with pytest.raises(UnknownLocationError) as caught:
            WORLD.take(asks(X_Edge_Location="syd"))
        assert "Start it with --edge-locations fra,iad,nrt,syd" in str(caught.value)

    @pytest.mark.parametrize("name", ["X_Edge_Location", "X_Viewer_Location"])
    def test_an_unknown_one_is_refused_and_the_header_named(self, name: str) -> None:
        with pytest.raises(UnknownLocationError, match=name.replace("_", "-")):
            WORLD.take(asks(**{name: "atlantis"}))


class TestDelays:
    def test_a_new_connection_pays_for_its_handshakes(self) -> None:
        arrival = WORLD.take(asks(X_Viewer_Location="berlin"))
        once = arrival.delay_s("http", False)
        assert arrival.delay_s("http", True) == pytest.approx(2 * once)
        assert arrival.delay_s("https", True) == pytest.approx(3 * once)
        assert arrival.delay_s("https", False) == once

    def test_a_far_origin_costs_more_than_a_near_one(self) -> None:
        near, far = (WORLD.origin_delay_s("FRA", r) for r in ("eu-central-1", "us-east-1"))
        assert near < 0.002
        assert 0.09 < far < 0.12

    def test_an_origin_in_no_region_is_in_the_engines_own(self) -> None:
        assert WORLD.origin_delay_s("IAD") == WORLD.origin_delay_s("IAD", "eu-west-1")

    def test_a_function_runs_in_the_region_of_its_location(self) -> None:
        assert WORLD.region_of("nrt") == "ap-northeast-1"
        assert WORLD.function_delay_s("NRT") == WORLD.origin_delay_s("NRT", "ap-northeast-1")

    def test_without_the_option_there_is_one_location_near_home_and_no_delay(self) -> None:
        alone = Locations((), "eu-central-1")
        arrival = alone.take(asks(X_Viewer_Location="tokyo"))
        assert [each.code for each in alone.all] == ["FRA"]
        assert (arrival.country, arrival.delay_s("https", True)) == ("JP", 0.0)
        assert alone.origin_delay_s("FRA", "ap-northeast-1") == 0.0
        assert alone.function_delay_s("FRA") == 0.0
