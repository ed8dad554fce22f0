"""Edge locations, places and latencies: against published figures, and as distances behave."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge import latency
from lambda_nb.rules.edge.locations import (
    LOCATIONS,
    PRICE_AREAS,
    UnknownLocationError,
    location_of,
)
from lambda_nb.rules.edge.places import REGIONS, Place, place_of

POINTS = st.builds(
    Place,
    st.just(""),
    st.just(""),
    st.floats(-90, 90, allow_nan=False),
    st.floats(-180, 180, allow_nan=False),
)

# IBM Cloud's docs, "Network latency", averages of 28 September to 27 October 2024, milliseconds.
MEASURED = [
    ("iad", "lhr", 76), ("dfw", "syd", 185), ("dfw", "nrt", 141), ("iad", "syd", 214),
    ("fra", "iad", 92), ("fra", "yto", 92), ("nrt", "syd", 115), ("mad", "iad", 90),
    ("dfw", "lhr", 113), ("dfw", "fra", 123), ("fra", "syd", 250), ("iad", "nrt", 167),
    ("lhr", "syd", 261), ("gru", "nrt", 287), ("gru", "iad", 119), ("kix", "syd", 122),
    ("yto", "nrt", 164), ("gru", "yto", 131), ("dfw", "gru", 144), ("lhr", "gru", 188),
    ("fra", "gru", 197), ("fra", "mad", 29), ("fra", "nrt", 231), ("lhr", "nrt", 242),
]  # fmt: skip


class TestTable:
    def test_every_location_runs_functions_in_a_region_that_is_known(self) -> None:
        regions = {location.region for location in LOCATIONS.values()}
        assert regions <= set(REGIONS)
        assert len(regions) == 13

    def test_every_location_has_a_price_and_a_place_on_earth(self) -> None:
        for location in LOCATIONS.values():
            assert location.area in PRICE_AREAS
            assert abs(location.latitude) <= 90
            assert abs(location.longitude) <= 180
            assert len(location.country) == 2

    @pytest.mark.parametrize(
        ("code", "region"),
        [
            ("cpt", "eu-west-1"),  # the guide's table for Africa (Cape Town)
            ("hkg", "ap-southeast-1"),  # for Hong Kong
            ("cdg", "eu-west-2"),  # for Paris
            ("arn", "eu-west-2"),  # for Stockholm
            ("yul", "us-east-1"),  # for Canada (Central)
            ("mxp", "eu-central-1"),  # for Milan
            ("dxb", "me-central-1"),
            ("icn", "ap-northeast-2"),
        ],
    )
    def test_the_guide_says_which_region(self, code: str, region: str) -> None:
        assert location_of(code).region == region

    @pytest.mark.parametrize("code", sorted(LOCATIONS))
    def test_a_logs_name_leads_back_to_the_location(self, code: str) -> None:
        assert location_of(LOCATIONS[code].pop).code == code

    @pytest.mark.parametrize("text", ["", "f", "xyz", "FRAX", "frankfurt"])
    def test_what_is_no_location_is_refused(self, text: str) -> None:
        with pytest.raises(UnknownLocationError, match="there is no edge location"):
            location_of(text)


class TestPlaces:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("BERLIN", "Berlin"),
            ("de", "Frankfurt"),
            ("us", "Chicago"),
            ("nrt", "Tokyo"),
            ("is", "Reykjavik"),
            ("eu-west-1", "eu-west-1"),
            (" 52.5, 13.4 ", "52.5, 13.4"),
        ],
    )
    def test_a_place_has_many_names(self, text: str, name: str) -> None:
        assert place_of(text).name == name

    def test_every_location_is_a_place_by_code_and_city(self) -> None:
        for location in LOCATIONS.values():
            for text in (location.code, location.city):
                assert place_of(text).country == location.country

    @pytest.mark.parametrize("text", ["", "91,0", "0,181", "nowhere", "52.5"])
    def test_what_is_no_place_is_refused(self, text: str) -> None:
        with pytest.raises(UnknownLocationError, match="no place is known"):
            place_of(text)


class TestLatency:
    def test_the_backbones_detour_is_the_median_of_what_was_measured(self) -> None:
        ratios = [
            ms / 1000 / latency.backbone_rtt_s(location_of(a), location_of(b))
            for a, b, ms in MEASURED
        ]
        assert statistics.median(ratios) == pytest.approx(1.0, abs=0.06)
        assert 0.5 < min(ratios) <= max(ratios) < 2.0

    def test_known_distances(self) -> None:
        paris, new_york = Place("", "", 48.8566, 2.3522), Place("", "", 40.7128, -74.0060)
        assert latency.distance_km(paris, new_york) == pytest.approx(5837, abs=5)
        north, south = Place("", "", 90, 0), Place("", "", -90, 0)
        assert latency.distance_km(north, south) == pytest.approx(20015, abs=1)

    @given(POINTS, POINTS, POINTS)
    def test_distances_are_a_metric(self, a: Place, b: Place, c: Place) -> None:
        ab, bc, ac = (latency.distance_km(*pair) for pair in ((a, b), (b, c), (a, c)))
        assert ab == pytest.approx(latency.distance_km(b, a), abs=1e-6)
        assert ac <= ab + bc + 1e-3
        assert 0 <= ab <= 20_016

    @given(POINTS, POINTS)
    def test_the_internet_is_slower_than_the_backbone_and_nothing_is_instant(
        self, a: Place, b: Place
    ) -> None:
        slow, fast = latency.internet_rtt_s(a, b), latency.backbone_rtt_s(a, b)
        assert slow >= fast >= latency.LEAST_RTT_S

    @given(POINTS)
    def test_the_nearest_location_has_the_shortest_round_trip(self, viewer: Place) -> None:
        found = latency.nearest(viewer, LOCATIONS.values())
        best = min(latency.internet_rtt_s(viewer, each) for each in LOCATIONS.values())
        assert latency.internet_rtt_s(viewer, found) == best

    def test_a_region_that_is_not_known_is_nowhere(self) -> None:
        assert latency.region_place("moon-1") is None
        assert latency.handshake_round_trips("https") == 2
        assert latency.handshake_round_trips("http") == 1
