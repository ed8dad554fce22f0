"""A distribution's log, replayed: its own decisions, and what other settings would have meant."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from lambda_nb.rules.edge.locations import location_of
from lambda_nb.rules.edge.log_fields import HEAD, standard_line
from lambda_nb.simulator import CacheBehaviour, EdgeReplay, WorkloadError, simulate_edge
from lambda_nb.traces.logs.cloudfront import read_cloudfront

Told = tuple[int, str, str]
"""Seconds after noon, the address, the word of the log."""


def log_of(*told: Told, **columns: str) -> pd.DataFrame:
    """A standard log of GETs at Frankfurt; ``columns`` are fields of every line."""
    lines = []
    for second, address, result in told:
        uri, _, query = address.partition("?")
        at = pd.Timestamp("2026-01-01T12:00:00Z") + pd.Timedelta(seconds=second)
        values = {
            "date": f"{at:%Y-%m-%d}",
            "time": f"{at:%H:%M:%S}",
            "x-edge-location": "FRA56-P1",
            "cs-method": "GET",
            "cs-uri-stem": uri,
            "cs-uri-query": query,
            "sc-status": "502" if result == "Error" else "200",
            "sc-bytes": "1100",
            "sc-content-len": "1000",
            "x-edge-result-type": result,
            "x-edge-detailed-result-type": result,
            "cs-protocol": "http",
            "time-taken": "0.001" if result == "Hit" else "0.200",
            "time-to-first-byte": "0.000",
        }
        lines.append(standard_line(values | {k.replace("_", "-"): v for k, v in columns.items()}))
    return read_cloudfront((HEAD + "".join(lines)).encode())


def words(log: pd.DataFrame, *behaviours: CacheBehaviour, **settings: Any) -> list[str]:
    """The decisions of a replay."""
    replayed = simulate_edge(log, behaviours=behaviours, **settings)
    assert isinstance(replayed, EdgeReplay)
    return [str(word) for word in replayed.requests["result"]]


MINUTE = CacheBehaviour(cache_control="max-age=60", min_ttl=0)


class TestTheLogsOwnDecisions:
    @pytest.mark.parametrize(
        ("told", "behaviour"),
        [
            (
                [(0, "/a", "Miss"), (1, "/a", "Hit"), (59, "/a", "Hit"), (61, "/a", "RefreshHit")],
                MINUTE,
            ),
            ([(0, "/a", "Miss"), (0, "/b", "Miss"), (9, "/a", "Hit")], MINUTE),
            ([(0, "/a?x=1", "Miss"), (1, "/a?x=2", "Hit")], MINUTE),
            (
                [(0, "/a?x=1", "Miss"), (1, "/a?x=2", "Miss"), (2, "/a?y=3&x=1", "Hit")],
                CacheBehaviour(query=["x"]),
            ),
            ([(0, "/a", "Error"), (1, "/a", "Error"), (11, "/a", "Error")], MINUTE),
            ([(0, "/a", "Miss"), (86_401, "/a", "RefreshHit")], CacheBehaviour()),
            (
                [(0, "/a", "Miss"), (100, "/a", "Miss")],
                CacheBehaviour(cache_control="max-age=60", min_ttl=0, revalidates=False),
            ),
            (
                [(0, "/a", "Miss"), (1, "/a", "Miss"), (2, "/a", "Miss")],
                CacheBehaviour(min_ttl=0, default_ttl=0, max_ttl=0),
            ),
            (
                [(0, "/a", "Redirect"), (1, "/a", "Miss"), (2, "/a", "LambdaGeneratedResponse")],
                MINUTE,
            ),
        ],
        ids=[
            "fresh until it expires", "objects of their own", "query left out", "query in the key",
            "errors", "default TTL", "sent anew", "nothing cached", "answered before the cache",
        ],
    )  # fmt: skip
    def test_with_its_settings_every_decision_is_repeated(
        self, told: list[Told], behaviour: CacheBehaviour
    ) -> None:
        log = log_of(*told)
        replayed = simulate_edge(log, behaviours=[behaviour])
        assert [word for _, _, word in told] == list(replayed.requests["result"])
        assert replayed.agreement == 1.0 or math.isnan(replayed.agreement)

    def test_other_settings_are_seen_to_differ(self) -> None:
        log = log_of((0, "/a", "Miss"), (50, "/a", "Hit"))
        short = CacheBehaviour(cache_control="max-age=5", min_ttl=0)
        assert simulate_edge(log, behaviours=[MINUTE]).agreement == 1.0
        assert simulate_edge(log, behaviours=[short]).agreement == 0.5

    def test_an_error_is_kept_for_its_own_time(self) -> None:
        log = log_of((0, "/a", "Error"), (9, "/a", "Error"), (11, "/a", "Error"))
        replayed = simulate_edge(log, behaviours=[CacheBehaviour(error_ttl=10)])
        assert replayed.requests["asked"].tolist() == [True, False, True]

    @given(
        st.lists(st.tuples(st.integers(0, 300), st.sampled_from("ab")), min_size=1, max_size=30),
        st.integers(1, 100),
    )
    def test_a_simple_cache_decides_alike(self, asked: list[tuple[int, str]], ttl: int) -> None:
        until: dict[str, int] = {}
        told: list[Told] = []
        for second, name in sorted(asked):
            fresh = second < until.get(name, -1)
            word = "Hit" if fresh else "RefreshHit" if name in until else "Miss"
            if not fresh:
                until[name] = second + ttl
            told.append((second, f"/{name}", word))
        log = log_of(*told, time_taken="0.000")
        behaviour = CacheBehaviour(cache_control=f"max-age={ttl}", min_ttl=0)
        assert simulate_edge(log, behaviours=[behaviour]).agreement == 1.0


class TestWhatIf:
    LOG = log_of(*[(i, f"/{i % 4}", "Hit") for i in range(40)])

    def test_a_longer_ttl_means_more_hits(self) -> None:
        ratios = [
            simulate_edge(
                self.LOG, behaviours=[CacheBehaviour(cache_control=f"max-age={ttl}", min_ttl=0)]
            ).hit_ratio
            for ttl in (1, 5, 3600)
        ]
        # RefreshHit counts as a hit; the origin is asked nevertheless.
        assert ratios == [0.9, 0.9, 0.9]
        asked = [
            int(
                simulate_edge(
                    self.LOG, behaviours=[CacheBehaviour(cache_control=f"max-age={ttl}", min_ttl=0)]
                ).requests["asked"].sum()
            )
            for ttl in (1, 5, 3600)
        ]  # fmt: skip
        assert asked == [40, 20, 4]

    def test_a_small_cache_forgets_what_was_used_least_recently(self) -> None:
        log = log_of((0, "/a", "Miss"), (1, "/b", "Miss"), (2, "/a", "Hit"), (3, "/c", "Miss"),
                     (4, "/a", "Hit"), (5, "/b", "Miss"))  # fmt: skip
        assert words(log, cache_size=2000) == ["Miss", "Miss", "Hit", "Miss", "Hit", "Miss"]
        assert words(log, cache_size=999) == ["Miss"] * 6
        assert words(log)[-1] == "Hit"

    def test_each_location_has_a_cache_of_its_own(self) -> None:
        log = pd.concat(
            [
                log_of((0, "/a", "Miss")),
                log_of((1, "/a", "Miss"), x_edge_location="NRT57-C1"),
                log_of((2, "/a", "Hit"), x_edge_location="FRA2"),
            ],
            ignore_index=True,
        )
        assert simulate_edge(log).agreement == 1.0
        one = simulate_edge(log, locations=["fra"])
        assert list(one.requests["result"]) == ["Miss", "Hit", "Hit"]
        assert set(one.requests["location"]) == {"FRA"}

    def test_a_behaviour_is_chosen_by_path(self) -> None:
        log = log_of((0, "/api/a", "Miss"), (1, "/api/a", "Miss"), (2, "/img/a", "Miss"),
                     (3, "/img/a", "Hit"))  # fmt: skip
        api = CacheBehaviour("/api/*", min_ttl=0, default_ttl=0, max_ttl=0)
        replayed = simulate_edge(log, behaviours=[api])
        assert replayed.agreement == 1.0
        assert replayed.by("behaviour")["hit_ratio"].to_dict() == {"*": 0.5, "/api/*": 0.0}

    def test_stale_objects_are_answered_at_once_while_they_are_renewed(self) -> None:
        log = log_of((0, "/a", "Miss"), (70, "/a", "Hit"), (80, "/a", "Hit"))
        swr = CacheBehaviour(cache_control="max-age=60, stale-while-revalidate=30", min_ttl=0)
        replayed = simulate_edge(log, behaviours=[swr])
        assert replayed.agreement == 1.0
        assert replayed.requests["asked"].tolist() == [True, True, False]

    def test_posts_are_not_cached(self) -> None:
        log = log_of((0, "/a", "Miss"), (1, "/a", "Miss"), cs_method="POST")
        assert simulate_edge(log).agreement == 1.0

    def test_who_waited_for_a_fetch_of_another_may_be_done_before_it(self) -> None:
        log = log_of((1, "/a", "Hit"), (1, "/a", "Miss"))
        log["taken"] = [0.150, 0.200]
        assert simulate_edge(log).agreement == 1.0

    def test_what_an_origin_request_function_makes_is_kept(self) -> None:
        word = "LambdaGeneratedResponse"
        log = log_of((0, "/a", word), (1, "/a", "Hit"), (2, "/b", "Miss"))
        told = simulate_edge(log, behaviours=[CacheBehaviour(generated=True)])
        assert told.agreement == 1.0
        assert told.requests["decided"].tolist() == [True, True, True]
        assert told.requests["asked"].tolist() == [True, False, True]
        assert told.requests["origin_bytes"].tolist() == [0, 0, 1000]
        # One made at viewer-request never came to the cache.
        assert simulate_edge(log).requests["decided"].tolist() == [False, True, True]

    def test_a_viewer_whose_place_is_known_is_there(self) -> None:
        log = log_of((0, "/a", "Miss"), (1, "/a", "Hit"))
        log["viewer"] = [None, "Sydney"]
        moved = simulate_edge(log, locations=["fra", "syd"])
        assert moved.requests["location"].tolist() == ["FRA", "SYD"]


class TestFigures:
    def test_what_comes_from_the_origin(self) -> None:
        log = log_of((0, "/a", "Miss"), (1, "/a", "Hit"), (61, "/a", "RefreshHit"))
        replayed = simulate_edge(log, behaviours=[MINUTE])
        assert replayed.requests["origin_bytes"].tolist() == [1000, 0, 0]
        told = ["requests", "hits", "origin_requests", "bytes"]
        assert replayed.table[told].iloc[-1].tolist() == [3, 2, 2, 3300]

    def test_a_part_of_an_object_costs_the_whole_object(self) -> None:
        part = log_of((0, "/a", "Miss"), sc_status="206", sc_content_len="10")
        whole = log_of((1, "/a", "Hit"))
        log = pd.concat([part, whole], ignore_index=True)
        assert simulate_edge(log).requests["origin_bytes"].tolist() == [1000, 0]

    def test_latency_is_the_logs_where_nothing_changed(self) -> None:
        log = log_of((0, "/a", "Miss"), (1, "/a", "Hit"))
        waits = simulate_edge(log).requests["latency"]
        assert waits.tolist() == pytest.approx([0.001 + 0.200, 0.001 + 0.001])

    def test_a_hit_that_becomes_a_miss_takes_as_long_as_misses_do(self) -> None:
        log = log_of((0, "/a", "Miss"), (1, "/a", "Hit"), (2, "/a", "Hit"))
        never = CacheBehaviour(min_ttl=0, default_ttl=0, max_ttl=0)
        waits = simulate_edge(log, behaviours=[never]).requests["latency"]
        assert waits.tolist() == pytest.approx([0.201] * 3)

    def test_a_location_far_from_viewers_and_near_the_origin(self) -> None:
        log = log_of((0, "/a", "Miss"), (1, "/a", "Hit"))
        here = simulate_edge(log, origin="us-east-1").requests["latency"]
        there = simulate_edge(log, origin="us-east-1", locations=["iad"]).requests["latency"]
        assert there[1] - here[1] > 0.1  # a hit is now an ocean away
        assert there[0] < 0.2 - 0.1 + 0.15  # the origin is no longer

    def test_viewers_are_where_the_log_says(self) -> None:
        log = log_of((0, "/a", "Miss"), (1, "/a", "Miss")).assign(country=["JP", "XX"])
        replayed = simulate_edge(log, locations=["fra", "nrt"])
        assert list(replayed.requests["location"]) == ["NRT", "FRA"]

    def test_the_bill(self) -> None:
        log = log_of(*[(i, "/a", "Hit") for i in range(10)], cs_protocol="https")
        replayed = simulate_edge(
            log,
            functions={"viewer-request": {"duration": 0.01}, "origin-request": {"duration": 0.01}},
            cloudfront_functions=1,
        )
        lines = replayed.cost()["cost"]
        assert lines["requests"] == pytest.approx(10 * 1.2e-6)
        assert lines["transfer"] == pytest.approx(11_000 / 2**30 * 0.085)
        assert lines["functions"] == pytest.approx(10 * 0.1e-6)
        assert lines["Lambda@Edge viewer-request"] > 10 * 0.6e-6
        assert lines["Lambda@Edge origin-request"] < lines["Lambda@Edge viewer-request"]
        assert lines["total"] == pytest.approx(lines.drop("total").sum())
        free = replayed.cost(free_tier=True)["cost"]
        assert free["requests"] == 0.0

    def test_functions_run_in_the_region_of_their_location(self) -> None:
        log = pd.concat(
            [log_of((0, "/a", "Miss")), log_of((1, "/b", "Miss"), x_edge_location="NRT57-C1")],
            ignore_index=True,
        )
        replayed = simulate_edge(log, functions={"origin-request": {"duration": 0.01}})
        table = replayed.functions["origin-request"].table
        assert table["cold_starts"].to_dict() == {
            "eu-central-1": 1, "ap-northeast-1": 1, "all": 2,
        }  # fmt: skip

    def test_a_trigger_that_never_ran_is_left_out(self) -> None:
        log = log_of((0, "/a", "Redirect"))
        assert simulate_edge(log, functions={"viewer-request": {}}).functions == {}

    def test_pictures_and_texts(self) -> None:
        log = log_of((0, "/a", "Miss"), (1, "/a", "Hit"))
        replayed = simulate_edge(log)
        assert repr(replayed) == (
            "EdgeReplay(2 requests at 1 location, hit ratio 50.00%, 1,000 bytes from the origin)"
        )
        assert "<table" in replayed._repr_html_()
        assert len(replayed.plot().axes) == 4  # three charts and a colour bar
        fra = location_of("fra")
        place = replayed.map_table().loc["FRA", ["city", "latitude"]].tolist()
        assert place == [fra.city, fra.latitude]


class TestRefusals:
    LOG = log_of((0, "/a", "Miss"))

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"cache_size": 0}, "cache_size is 0"),
            ({"locations": []}, "locations is empty"),
            ({"functions": {"request": {}}}, "functions has 'request'"),
            ({"cache_size": "1GB"}, "cache_size is '1GB'"),
            ({"locations": "fra"}, "give a list: ['fra']"),
            ({"functions": {"viewer-request": 0.1}}, "0.1; give settings such as"),
            ({"functions": {"viewer-request": {"durtion": 1}}}, "did you mean 'duration'?"),
            ({"functions": {"viewer-request": {"duration": "1"}}}, "the duration '1'"),
            ({"behaviours": "*"}, "behaviours has '*'; give those of site.caching()"),
            ({"behaviors": []}, "no setting behaviors= for a log; did you mean behaviours=?"),
            ({"trigger": 1}, "no setting trigger= for a log; there are behaviours, locations"),
        ],
        ids=[
            "size",
            "locations",
            "trigger",
            "word",
            "text",
            "number",
            "name",
            "duration",
            "star",
            "typo",
            "other",
        ],
    )
    def test_settings_that_make_no_sense(self, settings: dict[str, Any], said: str) -> None:
        with pytest.raises(WorkloadError) as caught:
            simulate_edge(self.LOG, **settings)
        assert said in str(caught.value)

    def test_a_log_without_a_needed_column(self) -> None:
        with pytest.raises(WorkloadError, match="the log has no column 'uri'"):
            simulate_edge(self.LOG.drop(columns="uri"))

    def test_what_is_no_log(self) -> None:
        log: Any = [1, 2]
        with pytest.raises(WorkloadError, match=r"has got \[1, 2\]; give a log"):
            simulate_edge(log)

    def test_no_number_is_made_of_nothing(self) -> None:
        nothing = simulate_edge(self.LOG.iloc[:0])
        assert "nan" not in repr(nothing)

    def test_a_notebook_shows_a_line_and_no_frames(self) -> None:
        shell: Any = InteractiveShell.instance()
        for code in ("simulate_edge([])", "simulate_edge(log, locations=['xyz'])"):
            shell.push({"simulate_edge": simulate_edge, "log": self.LOG})
            with capture_output() as told:
                shell.run_cell(code)
            assert "Error: " in told.stdout + told.stderr
            assert "edge_log.py" not in told.stdout + told.stderr

    def test_a_location_that_is_none(self) -> None:
        with pytest.raises(WorkloadError, match="there is no edge location"):
            simulate_edge(self.LOG, locations=["xyz"])

    def test_ttls_out_of_order(self) -> None:
        with pytest.raises(WorkloadError, match=r"min_ttl 10, default_ttl 5"):
            CacheBehaviour(min_ttl=10, default_ttl=5)
