"""Where viewers of a log are, which location takes them, and how long they wait."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from lambda_nb.rules.edge import latency
from lambda_nb.rules.edge.locations import EdgeLocation
from lambda_nb.rules.edge.places import Place, place_of
from lambda_nb.simulator.assumptions.workload import WorkloadError
from lambda_nb.simulator.questions.edge_caches import Replayed


def viewers_of(log: pd.DataFrame, before: Sequence[EdgeLocation]) -> list[Place]:
    """Where each viewer is: where the log says (``viewer``, ``country``), else at its location."""
    places = {each.code: place_of(each.code) for each in set(before)}
    beside = [places[each.code] for each in before]
    for column in ("country", "viewer"):  # what is known more exactly comes last
        if column not in log:
            continue
        known = {str(text): _known_place(str(text)) for text in log[column].dropna().unique()}
        told = log[column].astype(object)
        beside = [known.get(text) or near for text, near in zip(told, beside, strict=True)]
    return beside


def _known_place(text: str) -> Place | None:
    try:
        return place_of(text)
    except ValueError:
        return None  # a country without a place of ours: its viewers are beside their location


def nearest_of(viewers: Sequence[Place], locations: Sequence[EdgeLocation]) -> list[EdgeLocation]:
    """The location that takes each viewer: the nearest of these."""
    if not locations:
        raise WorkloadError("locations is empty; give codes such as ['fra', 'iad']")
    found = {viewer: latency.nearest(viewer, locations) for viewer in set(viewers)}
    return [found[viewer] for viewer in viewers]


def waits(
    log: pd.DataFrame,
    done: Replayed,
    viewers: Sequence[Place],
    before: Sequence[EdgeLocation],
    after: Sequence[EdgeLocation],
    origin: Place,
) -> np.ndarray[Any, Any]:
    """Seconds that each viewer waits.

    At the location a request takes what the log says, if its decision and its location stayed;
    else the median of the log's requests that were decided like it. A request that asks the origin
    takes longer by what the new location is farther from it.
    """
    taken = np.asarray(log["taken"] if "taken" in log else [math.nan] * len(log), dtype=float)
    logged_ask = np.asarray(log["result"].isin(("Miss", "RefreshHit")))
    asked = np.where(done.decided, done.asked, logged_ask)
    median = {
        ask: float(np.nanmedian(taken[same])) if (same := _known(taken, logged_ask == ask)).any()
        else math.nan
        for ask in (True, False)
    }  # fmt: skip
    same = asked == logged_ask
    at_location = np.where(same, taken, np.where(asked, median[True], median[False]))
    trips: dict[tuple[Place, EdgeLocation, EdgeLocation], tuple[float, float]] = {}
    legs = np.empty((2, len(log)))
    for i, about in enumerate(zip(viewers, before, after, strict=True)):
        if about not in trips:
            viewer, old, new = about
            farther = latency.backbone_rtt_s(new, origin) - latency.backbone_rtt_s(old, origin)
            trips[about] = latency.internet_rtt_s(viewer, new), farther
        legs[:, i] = trips[about]
    total: np.ndarray[Any, Any] = legs[0] + np.maximum(
        at_location + np.where(asked, legs[1], 0.0), 0.0
    )
    return total


def _known(taken: np.ndarray[Any, Any], mask: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    known: np.ndarray[Any, Any] = mask & ~np.isnan(taken)
    return known
