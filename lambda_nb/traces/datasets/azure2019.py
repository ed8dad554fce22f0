"""Azure Functions 2019: counts per minute and percentiles (Shahrad et al., ATC'20; CC-BY 4.0).

Three files per day, with their original columns:

* ``invocations_per_function_md.anon.d01.csv``: ``HashOwner, HashApp, HashFunction, Trigger, 1`` to
  ``1440``: invocations in each minute;
* ``function_durations_percentiles.anon.d01.csv``: ``Average, Count, Minimum, Maximum,
  percentile_Average_0, _1, _25, _50, _75, _99, _100``: milliseconds, without cold starts. They are
  percentiles of 30 s averages, weighted by their counts, so they understate the extremes;
* ``app_memory_percentiles.anon.d01.csv``: ``SampleCount, AverageAllocatedMb,
  AverageAllocatedMb_pct1, _5, _25, _50, _75, _95, _99, _100``: MB of the whole app.

The reader draws what is not published: when in its minute an invocation arrives, its duration and
the memory it used. The seed is explicit, and the same seed gives the same trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lambda_nb.traces import schema
from lambda_nb.traces.csvfile import CsvFile
from lambda_nb.traces.datasets.counts import Counts, Placement, by_function, spread, whole
from lambda_nb.traces.generators.laws import Law, draw, percentiles
from lambda_nb.traces.schema import TraceError
from lambda_nb.traces.trace import Trace

MINUTE = 60.0
_KEYS = ("HashOwner", "HashApp", "HashFunction")
_LEAST_MB, _MOST_MB = 128, 10_240
_BYTES_EACH = 80
"""Memory needed per invocation while arrivals are sorted and durations are drawn."""
_MOST_INVOCATIONS = 250_000_000
"""They need 20 GB. A whole day of the data set has about 900 million."""


def azure_2019(
    invocations: str | Path,
    durations: str | Path | None = None,
    memory: str | Path | None = None,
    *,
    seed: int,
    duration: Law | None = None,
    memory_mb: int | None = None,
    placement: Placement = "uniform",
    triggers: tuple[str, ...] | None = None,
    functions: int | None = None,
    minutes: tuple[int, int] | None = None,
    start: datetime | str | None = None,
) -> Trace:
    """Draw a day of invocations from the files of Azure Functions 2019.

    Parameters
    ----------
    invocations : path
        Counts per minute; with or without a header line.
    durations, memory : path, optional
        Percentiles. A function that is not listed has an unknown duration or memory, unless
        ``duration`` or ``memory_mb`` gives one. The memory file of the in-vitro sampler works too;
        it has one row per function.
    seed : int
        Seed of all random draws.
    duration : Law, optional
        Seconds, for functions without percentiles.
    memory_mb : int, optional
        MB, for functions without percentiles.
    placement : {"uniform", "even"}
        Within a minute: at random, or at equal gaps (as in-vitro's loader does).
    triggers : tuple of str, optional
        Only functions with these triggers, such as ``("http", "queue")``.
    functions : int, optional
        Only this many functions, chosen at random.
    minutes : (first, last), optional
        Only these minutes of the day, from 0, without ``last``; arrivals count from ``first``.
    start : datetime or str, optional
        When the first of those minutes began.

    Returns
    -------
    Trace
        With ``memory``: the highest percentile, limited to Lambda's 128 to 10,240 MB, as a user
        would have to configure it; ``max_memory``: drawn for each invocation; ``trigger``.

    Raises
    ------
    TraceError
        A file has other columns, or a line is wrong (the message says which), or there are more
        invocations than fit into memory.
    """
    rng = np.random.default_rng(seed)
    counts = _Invocations(Path(invocations), triggers, minutes)
    if functions is not None:
        counts.keep(np.sort(rng.permutation(len(counts.names))[:functions]))
    total = int(counts.values.sum())
    if total > _MOST_INVOCATIONS:
        raise TraceError(
            f"{counts.path.name} has {total:,} invocations, which need about "
            f"{total * _BYTES_EACH / 1e9:.0f} GB of memory: take fewer with functions=, triggers= "
            "or minutes="
        )
    arrival, function = spread(counts.values, MINUTE, placement, rng)
    took = np.full(len(arrival), np.nan)
    used = np.full(len(arrival), np.nan)
    configured = np.full(len(counts.names), np.nan)
    duration_of = _percentile_rows(durations, "percentile_Average_") if durations else {}
    memory_of = _percentile_rows(memory, "AverageAllocatedMb_pct") if memory else {}
    for code, rows in by_function(function, len(counts.names)):
        key = counts.keys[code]
        if key in duration_of:
            took[rows] = percentiles(duration_of[key])(rng, len(rows)) / 1e3
        elif duration is not None:
            took[rows] = draw(duration, rng, len(rows))
        points = memory_of.get(key) or memory_of.get((*key[:2], ""))
        if points is not None:
            used[rows] = percentiles(points)(rng, len(rows))
            highest = np.ceil(max(points.values()))
            configured[code] = min(max(highest, _LEAST_MB), _MOST_MB)
        elif memory_mb is not None:
            configured[code] = memory_mb
    table: dict[str, Any] = {
        "arrival": arrival,
        "function": schema.words(counts.names, function),
        "duration": took,
        "memory": whole(configured[function]),
        "trigger": schema.words(counts.triggers, function).cast(pa.string()).dictionary_encode(),
    }
    if memory is not None:
        table["max_memory"] = whole(used)
    return Trace(pa.table(table), start=start, name=Path(invocations).name)


class _Invocations:
    """The invocations file: names, triggers and a matrix of functions by minutes."""

    def __init__(
        self, path: Path, triggers: tuple[str, ...] | None, minutes: tuple[int, int] | None
    ) -> None:
        table, source = _counts_table(path)
        columns = table.column_names
        counted = [c for c in columns if c.isdigit()]
        if minutes is not None:
            first, last = minutes
            if not 0 <= first < last <= len(counted):
                raise TraceError(f"minutes={minutes} must lie within 0 and {len(counted)}")
            counted = counted[first:last]
        keys = list(zip(*(table.column(k).to_pylist() for k in _KEYS), strict=True))
        kinds = table.column("Trigger").to_pylist()
        keep = [i for i, kind in enumerate(kinds) if triggers is None or kind in triggers]
        if triggers is not None and not keep:
            raise TraceError(
                f"no function has a trigger of {triggers}; they are {sorted({*kinds})}"
            )
        matrix = np.empty((table.num_rows, len(counted)), dtype=np.int64)
        for at, column in enumerate(counted):
            matrix[:, at] = table.column(column).fill_null(-1).to_numpy()
        wrong = np.argwhere(matrix < 0)
        if len(wrong):
            raise TraceError(
                f"{source.line(int(wrong[0][0]))}: minute {counted[wrong[0][1]]} is missing or "
                "negative"
            )
        self.path = path
        self.values: Counts = matrix
        self.keys = keys
        self.triggers = [kind or "" for kind in kinds]
        # Name all functions before filtering, so that a filter does not change a name.
        self.names = _names(keys)
        self.keep(keep)

    def keep(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> None:
        """Keep only these functions."""
        self.values = self.values[rows]
        self.keys = [self.keys[i] for i in rows]
        self.triggers = [self.triggers[i] for i in rows]
        self.names = [self.names[i] for i in rows]


def _counts_table(path: Path) -> tuple[pa.Table, CsvFile]:
    names = CsvFile(path).names()
    header: list[str] | None = None
    if names[0] != "HashOwner":
        # Some published extracts of the data set have no header line.
        if len(names) < 5 or not all(field.isdigit() for field in names[4:]):
            raise TraceError(
                f"{path.name} line 1 begins with {names[:5]}: neither the header of an Azure 2019 "
                "invocations file (HashOwner, HashApp, HashFunction, Trigger, 1, ...) nor counts"
            )
        header = [*_KEYS, "Trigger", *map(str, range(1, len(names) - 3))]
        names = header
    source = CsvFile(path, header=header)
    types: dict[str, Any] = {name: pa.string() for name in (*_KEYS, "Trigger")}
    types.update({name: pa.int64() for name in names if name.isdigit()})
    return source.parse(types), source


def _percentile_rows(path: str | Path, prefix: str) -> dict[tuple[str, ...], dict[float, float]]:
    """Percentiles of each function (of each app where the file has no functions)."""
    source = CsvFile(Path(path))
    names = source.names()
    ranks = [name for name in names if name.startswith(prefix)]
    if not ranks:
        raise TraceError(f"{Path(path).name} has no columns {prefix}...: it has {', '.join(names)}")
    keys = [key for key in _KEYS if key in names]
    types: dict[str, Any] = {key: pa.string() for key in keys}
    types.update({rank: pa.float64() for rank in ranks})
    table = source.parse(types)
    columns = [table.column(k).to_pylist() for k in keys]
    if "HashFunction" not in keys:
        columns.append([""] * table.num_rows)
    points = [float(rank[len(prefix) :]) for rank in ranks]
    values = np.column_stack([schema.floats(table.column(rank)) for rank in ranks])
    found = {}
    for at, key in enumerate(zip(*columns, strict=True)):
        known = {p: v for p, v in zip(points, values[at], strict=True) if not np.isnan(v)}
        if known:
            # The data set is rounded, so a percentile can be 1 ms below the one before it.
            risen = np.maximum.accumulate([max(0.0, known[p]) for p in sorted(known)])
            found[key] = dict(zip(sorted(known), map(float, risen), strict=True))
    return found


def _names(keys: list[tuple[str, ...]]) -> list[str]:
    """Name functions by their hash; put the app's (and owner's) hash first if it is not unique."""
    alone: dict[str, int] = {}
    for key in keys:
        alone[key[2]] = alone.get(key[2], 0) + 1
    names = [key[2] if alone[key[2]] == 1 else f"{key[1]}/{key[2]}" for key in keys]
    if len(set(names)) < len(names):
        names = ["/".join(key) for key in keys]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TraceError(f"the invocations file lists function {twice} twice")
    return names
