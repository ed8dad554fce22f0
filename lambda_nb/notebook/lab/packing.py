"""A run packed for the page: the busy part of it, in few bytes, sent once."""

from __future__ import annotations

import base64
import heapq
import zlib
from typing import Any

import numpy as np

from lambda_nb.notebook.lab.run import THROTTLE, Floats, Ints, Run

MOST_ROWS = 100_000
"""Requests that the page gets; of a longer run, those around its peak."""
_TICKS = 2e8
_LEAST_TICK_S = 1e-4
_FAILED = 4
"""Added to the kind of a request whose function failed."""


def pack(run: Run) -> tuple[dict[str, Any], str]:
    """What the page needs: figures as a mapping, and columns as text (zlib, then base64).

    Columns are unsigned 32-bit integers in this order: of the requests ``arrival`` (ticks since the
    one before), ``wait``, ``init``, ``busy`` (ticks), ``environment`` (its number + 1; 0: none),
    ``kind``, ``function``, ``cost`` (in units of ``money`` dollars); of the environments
    ``created``, ``ready``, ``ended`` (ticks, 0 is the beginning of the part; the largest number: it
    outlives the run), ``function``, ``provisioned``, ``slot``; then how many requests waited.
    """
    rows = busiest(run)
    begin = 0.0 if rows.start == 0 else float(run.arrival[rows.start])
    end = run.end if rows.stop == len(run) else float(run.arrival[rows.stop - 1])
    end = max(end, begin + 1e-3)
    tick = max(_LEAST_TICK_S, (end - begin) / _TICKS)
    environment = run.environment[rows]
    lives = run.lives
    alive = np.flatnonzero((lives.created <= end) & (lives.ended >= begin))
    number = np.zeros(len(lives) + 1, dtype=np.int64)
    number[alive + 1] = np.arange(len(alive)) + 1
    money = max(float(run.cost[rows].max(initial=0.0)), 1e-12) / 1e4
    arrival = _ticks(run.arrival[rows] - begin, tick)
    finish = np.where(run.kind[rows] == THROTTLE, run.begun[rows], run.finish[rows])
    busy = finish - run.begun[rows] - run.init[rows]
    columns = [
        np.diff(arrival, prepend=0),
        _ticks(run.begun[rows] - run.arrival[rows], tick),
        _ticks(run.init[rows], tick),
        _ticks(np.maximum(busy, 0.0), tick),
        number[environment + 1],
        run.kind[rows] + _FAILED * run.failed[rows],
        run.function[rows],
        np.rint(run.cost[rows] / money),
        _ticks(lives.created[alive] - begin, tick),
        _ticks(lives.ready[alive] - begin, tick),
        _ticks(lives.ended[alive] - begin, tick),
        lives.function[alive],
        lives.provisioned[alive],
        slots(lives.created[alive], lives.ended[alive]),
        _waiting(run, begin, end),
    ]
    before = slice(0, rows.start)
    told = {
        "name": run.name,
        "functions": run.functions,
        "begin": begin,
        "end": end,
        "tick": tick,
        "money": money,
        "rows": rows.stop - rows.start,
        "environments": len(alive),
        "waiting": len(columns[-1]),
        "all": len(run),
        "limit": run.limit,
        "keepAlive": run.keep_alive if run.keep_alive != float("inf") else None,
        "real": run.real,
        "standing": run.standing * (end - begin) / run.end,
        "before": {
            "requests": rows.start,
            "cold": int((run.kind[before] == 1).sum()),
            "throttled": int((run.kind[before] == THROTTLE).sum()),
            "bill": float(run.cost[before].sum()) + run.standing * begin / run.end,
            "gone": int((lives.ended < begin).sum()),
        },
    }
    words = np.concatenate([np.asarray(column).astype("<u4") for column in columns])
    # All lowest bytes first, then all second ones ...: that packs better.
    planes = words.view(np.uint8).reshape(-1, 4).T.tobytes()
    return told, base64.b64encode(zlib.compress(planes, 9)).decode()


def busiest(run: Run) -> slice:
    """The rows to show: all, or the ``MOST_ROWS`` around the moment with most requests running."""
    if len(run) <= MOST_ROWS:
        return slice(0, len(run))
    finish = np.sort(run.finish[~np.isnan(run.finish)])
    running = np.arange(len(run)) - np.searchsorted(finish, run.arrival)
    first = int(np.clip(int(running.argmax()) - MOST_ROWS // 2, 0, len(run) - MOST_ROWS))
    return slice(first, first + MOST_ROWS)


def slots(created: Floats, ended: Floats) -> Ints:
    """A place on the stage for each environment: the first one that is free when it comes."""
    free: list[int] = []
    leaving: list[tuple[float, int]] = []
    places = np.zeros(len(created), dtype=np.int64)
    count = 0
    for i in np.argsort(created, kind="stable").tolist():
        while leaving and leaving[0][0] <= created[i]:
            heapq.heappush(free, heapq.heappop(leaving)[1])
        if free:
            place = heapq.heappop(free)
        else:
            place, count = count, count + 1
        places[i] = place
        heapq.heappush(leaving, (float(ended[i]), place))
    return places


def _ticks(seconds: Floats, tick: float) -> Any:
    most = float(np.iinfo(np.uint32).max)
    return np.clip(np.rint(np.minimum(seconds / tick, most)), 0, most).astype(np.int64)


def _waiting(run: Run, begin: float, end: float) -> Any:
    if run.waiting is None:
        return np.zeros(0, dtype=np.int64)
    at, count = run.waiting
    places = np.clip(np.searchsorted(at, np.linspace(begin, end, 1000), side="right") - 1, 0, None)
    return np.rint(count[places])
