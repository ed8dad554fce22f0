"""The map of edge locations, and hit ratios so far."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from lambda_nb import charts

TABLE = pd.DataFrame(
    {
        "latitude": [50.0, 38.9, 35.8],
        "longitude": [8.6, -77.5, 140.4],
        "requests": [100, 400, 0],
        "hit_ratio": [0.9, 0.5, np.nan],
        "p50": [0.012, np.nan, np.nan],
    },
    index=["FRA", "IAD", "NRT"],
)


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


class TestMap:
    def test_discs_stand_where_locations_are_and_are_as_large_as_their_requests(self) -> None:
        ax: Any = charts.edge_map(TABLE)
        (discs,) = (c for c in ax.collections if len(c.get_offsets()) == 3)
        assert discs.get_offsets().tolist()[0] == [-77.5, 38.9]  # the busiest first
        sizes = discs.get_sizes()
        assert sizes[0] > sizes[1] > sizes[2] > 0

    def test_labels_tell_requests_hits_and_latency_where_known(self) -> None:
        assert texts(charts.edge_map(TABLE)) == [
            "IAD\n400, 50% hits",
            "FRA\n100, 90% hits, 12 ms",
            "NRT\n0",
        ]

    def test_without_locations_it_says_so(self) -> None:
        assert "no requests" in texts(charts.edge_map(TABLE.iloc[:0]))

    def test_the_outlines_of_land_are_on_earth(self) -> None:
        from lambda_nb.charts.edge_map import _LAND

        for outline in _LAND:
            shape = np.asarray(outline, dtype=float).reshape(-1, 2)
            assert (np.abs(shape) <= [180, 90]).all()


class TestHitRatio:
    def test_the_line_is_the_share_so_far(self) -> None:
        ax: Any = charts.hit_ratio([0.0, 1.0, 2.0, 3.0], [False, True, True, True])
        (line,) = ax.lines
        assert line.get_ydata().tolist() == [0.0, 1 / 2, 2 / 3, 3 / 4]

    def test_groups_get_lines_of_their_own(self) -> None:
        at = pd.date_range("2026-01-01", periods=4, freq="s", tz="UTC")
        ax: Any = charts.hit_ratio(at, [True, False, True, False], groups=["a", "b", "a", "b"])
        lines = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
        assert lines == {"all": [1.0, 0.5, 2 / 3, 0.5], "a": [1.0, 1.0], "b": [0.0, 0.0]}
        assert "since 2026-01-01" in ax.get_xlabel()

    def test_without_requests_it_says_so(self) -> None:
        assert "no requests" in texts(charts.hit_ratio([], []))
