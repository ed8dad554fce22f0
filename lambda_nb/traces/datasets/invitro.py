"""Read results of the in-vitro loader (vhive-serverless/invitro; Ustiugov et al., WORDS'23).

Its *inputs* are files in the format of Azure 2019, which :func:`~lambda_nb.traces.azure_2019`
reads. Its result is a CSV with one row per invocation: ``startTime`` (microseconds since epoch),
``responseTime`` and ``actualDuration`` (microseconds), ``instance`` (the pod; ``functionName`` in
some versions), ``invocationID``, and the flags ``connectionTimeout`` and ``functionTimeout``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lambda_nb.traces import schema, tabular, times
from lambda_nb.traces.csvfile import CsvFile
from lambda_nb.traces.schema import TraceError
from lambda_nb.traces.trace import Trace

# How Knative names a pod: function, revision, "deployment", two hashes.
_FUNCTION = r"^(?P<function>.+?)(?:-\d{5}-deployment-[0-9a-z-]+)?$"


def invitro(path: str | Path, *, memory: int | None = None) -> Trace:
    """Read the measurements of in-vitro's loader (``experiment_duration_N.csv``).

    ``finish`` is when the response arrived. An invocation that timed out has no known duration.
    The loader does not say whether a start was cold.

    Parameters
    ----------
    memory : int, optional
        MB of every function.

    Raises
    ------
    TraceError
        A value is wrong. The message gives the line and the value.
    """
    path = Path(path)
    source = CsvFile(path)
    names = source.names()
    named = next((name for name in ("functionName", "instance") if name in names), None)
    if named is None:
        raise TraceError(f"{path.name} has no column functionName or instance: it has {names}")
    types: dict[str, Any] = {
        "startTime": pa.int64(),
        "responseTime": pa.float64(),
        "actualDuration": pa.float64(),
        "connectionTimeout": pa.bool_(),
        "functionTimeout": pa.bool_(),
        **dict.fromkeys({named, "instance", "invocationID"} & set(names), pa.string()),
    }
    table = source.parse(types)
    arrival, start_ns = times.arrivals(
        table.column("startTime"), unit="us", start="epoch", where=source.line
    )
    late = pc.or_(table.column("connectionTimeout"), table.column("functionTimeout"))
    function = pc.struct_field(pc.extract_regex(table.column(named), _FUNCTION), "function")
    rows: dict[str, Any] = {
        "arrival": arrival,
        "function": function,
        "duration": pc.if_else(late, None, pc.multiply(table.column("actualDuration"), 1e-6)),
        "finish": arrival + schema.floats(table.column("responseTime")) * 1e-6,
        "status": pc.if_else(late, "timeout", "success"),
    }
    for ours, theirs in (("environment", "instance"), ("request_id", "invocationID")):
        if theirs in names:
            rows[ours] = table.column(theirs)
    made = tabular.completed(pa.table(rows), None, memory)
    return Trace(made, start=start_ns, name=path.name, where=source.line)
