"""How many intervals are open: against counting them one by one."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.simulator.results.intervals import average_of, counts, peak_of, peaks

# Few distinct times, so that beginnings and ends fall together.
INTERVALS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), min_size=1, max_size=60)


def columns(intervals: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    ordered = sorted(intervals)
    began = np.array([float(at) for at, _ in ordered])
    return began, began + np.array([float(length) for _, length in ordered])


def open_just_after(began: np.ndarray, ended: np.ndarray, row: int) -> int:
    """Intervals open just after this one began, before later ones that begin at the same time."""
    return sum(ended[: row + 1] > began[row]) - sum(ended[row + 1 :] <= began[row])


@given(INTERVALS)
def test_the_peak_is_the_most_that_are_open_after_any_beginning(
    intervals: list[tuple[int, int]],
) -> None:
    began, ended = columns(intervals)
    counted = max(open_just_after(began, ended, row) for row in range(len(began)))
    assert peak_of(began, np.sort(ended)) == counted


@given(INTERVALS, st.lists(st.integers(1, 79), unique=True))
def test_the_peak_of_a_bin_is_carried_in_or_reached_after_a_beginning_in_it(
    intervals: list[tuple[int, int]], cuts: list[int]
) -> None:
    began, ended = columns(intervals)
    edges = np.array([0.0, *sorted(cuts), 80.0])
    expected = []
    for first, last in itertools.pairwise(edges):
        levels = [sum(began < first) - sum(ended < first)]
        within = [row for row in range(len(began)) if first <= began[row] < last]
        levels += [open_just_after(began, ended, row) for row in within]
        expected.append(max(levels))
    assert peaks(began, np.sort(ended), edges).tolist() == expected


@given(INTERVALS)
def test_counts_are_those_of_a_histogram(intervals: list[tuple[int, int]]) -> None:
    began, _ = columns(intervals)
    edges = np.array([0.0, 3.0, 17.0, 40.0])
    assert counts(began, edges).tolist() == np.histogram(began, edges)[0].tolist()


@given(INTERVALS)
def test_the_average_is_the_time_open_over_the_width(intervals: list[tuple[int, int]]) -> None:
    began, ended = columns(intervals)
    edges = np.array([0.0, 10.0, 25.0, 70.0])
    within = [
        np.maximum(np.minimum(ended, last) - np.maximum(began, first), 0.0).sum() / (last - first)
        for first, last in itertools.pairwise(edges)
    ]
    np.testing.assert_allclose(average_of(began, np.sort(ended), edges), within, atol=1e-9)


def test_nothing_has_no_peak() -> None:
    assert peak_of(np.array([]), np.array([])) == 0.0
