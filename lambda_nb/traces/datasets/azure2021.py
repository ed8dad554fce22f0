"""Azure Functions 2021: one row per invocation (Zhang et al., SOSP'21; CC-BY 4.0, Microsoft).

Columns ``app, func, end_timestamp, duration``, in seconds since the recording began, in order of
``end_timestamp``. Memory is not published.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lambda_nb.traces import schema, tabular
from lambda_nb.traces.csvfile import CsvFile
from lambda_nb.traces.trace import Trace


def azure_2021(path: str | Path, *, memory: int | None = None) -> Trace:
    """Read the invocation trace of Azure Functions 2021 (a CSV, compressed or not).

    Arrival is the end minus the duration. If the first arrival is before the recording began,
    arrivals count from it. A function's name is its hash, with its app's hash before it where two
    apps share one.

    Parameters
    ----------
    memory : int, optional
        MB of every function; the data set does not have it.

    Raises
    ------
    TraceError
        A value is wrong. The message gives the line and the value.
    """
    path = Path(path)
    source = CsvFile(path)
    word = schema.WORD
    table = source.parse(
        {"app": word, "func": word, "end_timestamp": pa.float64(), "duration": pa.float64()}
    ).unify_dictionaries()
    apps = table.column("app").combine_chunks()
    functions = table.column("func").combine_chunks()
    for column in ("app", "func", "end_timestamp", "duration"):
        if table.column(column).null_count:
            at = int(pc.index(table.column(column).is_null(), True).as_py())
            raise schema.TraceError(f"{source.line(at)} has no {column}")
    duration = schema.floats(table.column("duration"))
    arrival = schema.floats(table.column("end_timestamp")) - duration
    if len(arrival):
        arrival -= min(0.0, float(arrival.min()))
    rows = {
        "arrival": arrival,
        "function": _names(apps, functions),
        "duration": duration,
    }
    made = tabular.completed(pa.table(rows), None, memory)
    return Trace(made, name=path.name, where=source.line)


def _names(apps: pa.DictionaryArray, functions: pa.DictionaryArray) -> pa.DictionaryArray:
    """Name functions by their hash; put the app's hash first where two apps share one."""
    pair = apps.indices.to_numpy().astype(np.int64) * len(functions.dictionary)
    pair += functions.indices.to_numpy()
    pairs, codes = np.unique(pair, return_inverse=True)
    if len(pairs) == len(functions.dictionary):
        return functions
    app_words, function_words = apps.dictionary.to_pylist(), functions.dictionary.to_pylist()
    app_of, function_of = np.divmod(pairs, len(function_words))
    shared = np.bincount(function_of, minlength=len(function_words)) > 1
    names = [
        f"{app_words[a]}/{function_words[f]}" if shared[f] else function_words[f]
        for a, f in zip(app_of, function_of, strict=True)
    ]
    return schema.words(names, codes)
