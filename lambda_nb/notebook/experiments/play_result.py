"""The result of ``play``: what callers saw, and what the logs recorded."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.clients import Clients, engine_status
from lambda_nb.notebook.errors import NotebookError, aws_errors

if TYPE_CHECKING:
    import pandas as pd

    from lambda_nb.traces import Trace

LATE_S = 0.05
"""A request sent more than this after it was due is late. Up to 1 % may be late."""
_LOGS_WITHIN_S = 30.0
_CLOCKS_APART_S = 120.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: its row in the trace, when it was due and sent (s), and the outcome."""

    row: int
    function: str
    arrival: float
    sent: float
    latency: float
    status: str
    reason: str
    request_id: str


class Before(NamedTuple):
    """An execution environment that was idle when the run began; times in epoch seconds."""

    function: str
    created: float
    idle_since: float


class Played:
    """The result of playing a trace. ``lambda_nb.validate`` takes it as an argument.

    Attributes
    ----------
    invocations : DataFrame
        One row per request: ``row`` of the trace, ``function``, ``arrival`` (when it was due, s
        since the first), ``sent`` (when it was sent, s), ``lag`` (s between the two), ``latency``
        (s until the response, as the caller saw it), ``status`` (success, error, throttle, or
        failed: no response from Lambda), ``reason``, ``request_id``.
    settings : dict
        Limits in force, and keep-alive if an engine reports it, as arguments for
        ``lambda_nb.simulate``.
    before : list of Before
        Execution environments that were idle at the start, if an engine reports them. A simulation
        of the run starts with the same environments.
    stopped : bool
        Whether the run was interrupted.
    """

    def __init__(
        self,
        functions: Sequence[str],
        sent: Sequence[Sent],
        due: Sequence[float],
        *,
        began: float,
        settings: dict[str, Any],
        clients: Clients,
    ) -> None:
        import pandas as pd

        columns = [*Sent.__slots__]
        frame = pd.DataFrame([asdict(one) for one in sent], columns=columns)
        frame.insert(4, "lag", frame["sent"] - frame["arrival"])
        self.invocations: pd.DataFrame = frame
        self.settings = settings
        self.before: list[Before] = []
        self.stopped = False
        self._asked = len(due)
        self._functions = list(functions)
        self._clients = clients
        self._began = began
        self._trace: Trace | None = None
        self._missing = 0

    # -- what really ran

    @property
    def trace(self) -> Trace:
        """The run from the logs: start types, durations, and throttles (AWS does not log those).

        Raises
        ------
        TraceError, NotebookError
            The logs do not have the run, or cannot be reached.
        """
        if self._trace is None or self._missing:
            with aws_errors():
                self._trace = self._read(_LOGS_WITHIN_S)
        return self._trace

    def collect(self) -> None:
        """Try to read the logs now; if that fails, :attr:`trace` raises the error later."""
        from lambda_nb.traces import TraceError

        with contextlib.suppress(TraceError, NotebookError, KeyboardInterrupt), aws_errors():
            self._trace = self._read(_LOGS_WITHIN_S)

    def _read(self, within: float) -> Trace:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        from lambda_nb.traces import Trace, TraceError

        frame = self.invocations
        logged = ["success", "error"]
        if engine_status(self._clients.client()) is not None:
            logged.append("throttle")  # AWS writes no log line for a throttle
        wanted = frame.loc[frame["status"].isin(logged), "request_id"]
        ids = pa.array(wanted, pa.string())
        client = self._clients.client("logs")
        since = datetime.fromtimestamp(self._began - _CLOCKS_APART_S, timezone.utc)
        deadline = time.monotonic() + within
        while True:
            late = time.monotonic() >= deadline
            try:
                found = Trace.from_logs(self._functions, client=client, start=since)
            except TraceError:
                if len(ids) and late:
                    raise
                found = Trace({"arrival": [], "function": [], "duration": []})
            if len(found):
                own = pc.is_in(found.table.column("request_id"), value_set=ids)
                found = found.where(np.asarray(own))
            self._missing = len(ids) - len(found)
            if self._missing <= 0 or late:
                return _from_zero(found)
            time.sleep(0.2)

    # -- what the callers saw

    def summary(self) -> pd.DataFrame:
        """Figures for each function and for all.

        Counts by outcome; ``cold`` starts from the logs; percentiles of ``latency`` (s, as callers
        saw it) and of ``lag`` (s from when a request was due until it was sent).
        """
        import pandas as pd

        frame = self.invocations
        rows = {
            str(name): self._row(str(name), part)
            for name, part in frame.groupby("function", sort=False)
        }
        if len(rows) != 1:
            rows["all"] = self._row(None, frame)
        summary: pd.DataFrame = pd.DataFrame.from_dict(rows, orient="index")
        return summary

    def _row(self, name: str | None, part: pd.DataFrame) -> dict[str, Any]:
        told = {"invocations": len(part)}
        counts = part["status"].value_counts()
        told |= {word: int(counts.get(word, 0)) for word in _WORDS}
        row: dict[str, Any] = {**told, "cold": self._cold(name)}
        for column in ("latency", "lag"):
            for percent in (50, 99):
                row[f"{column}_p{percent}"] = float(part[column].quantile(percent / 100))
        return row

    def _cold(self, function: str | None = None) -> int | None:
        if self._trace is None or "start" not in self._trace:
            return None
        rows = self._trace.to_pandas()
        if function is not None:
            rows = rows[rows["function"] == function]
        return int((rows["start"] == "cold").sum())

    @property
    def notes(self) -> list[str]:
        """Warnings to read before you draw conclusions from the run."""
        frame, notes = self.invocations, []
        if self.stopped:
            notes.append(f"stopped after {len(frame):,} of {self._asked:,} invocations")
        lag = float(frame["lag"].quantile(0.99)) if len(frame) else 0.0
        if lag > LATE_S:
            notes.append(
                f"could not keep up: 1 % of the requests were sent more than {_ms(lag)} late; "
                "lower speed, or scale the trace's rate down"
            )
        failed = frame[frame["status"] == "failed"]
        if len(failed):
            notes.append(
                f"{display.count(len(failed), 'request')} failed: {failed['reason'].iloc[0]}"
            )
        if self._trace is None:
            notes.append("the logs have not been read: .trace tries again and says why")
        elif self._missing:
            missing = display.count(self._missing, "invocation")
            notes.append(f"missing in the logs: {missing}; .trace reads on")
        elif (older := self._older()) > len(self.before):
            notes.append(
                f"{', '.join(self._functions)} had {display.count(older, 'environment')} before, "
                f"of which {len(self.before):,} known: the first invocation of the others was "
                "warm, and a simulation says cold. Play a function that nobody else invokes"
            )
        elif older:
            notes.append(
                f"there before: {display.count(older, 'environment')}; validate begins with that "
                "as well"
            )
        return notes

    def _older(self) -> int:
        """Environments whose first invocation here was warm."""
        assert self._trace is not None
        if not {"start", "environment"} <= set(self._trace.table.column_names):
            return 0
        rows = self._trace.to_pandas()
        first = rows[rows["environment"].notna()].groupby("environment", observed=True).first()
        return int((first["start"] == "warm").sum())

    def _figures(self) -> list[str]:
        frame = self.invocations
        counts = frame["status"].value_counts()
        cold = self._cold()
        told = [f"{counts.get(word, 0):,} {shown}" for word, shown in _WORDS.items()]
        shown = [
            display.count(len(frame), "invocation"),
            *(t for t in told if not t.startswith("0 ")),
        ]
        if cold is not None:
            shown.insert(1, f"{cold:,} cold")
        if len(frame):
            half, most = (float(frame["latency"].quantile(q)) for q in (0.5, 0.99))
            shown.append(f"latency {_ms(half)}, 99 % within {_ms(most)}")
            half, most = (float(frame["lag"].quantile(q)) for q in (0.5, 0.99))
            shown.append(f"sent {_ms(half)} late, 99 % within {_ms(most)}")
        return shown

    def __repr__(self) -> str:
        return "\n".join([" · ".join(["played", *self._figures()]), *self.notes])

    def _repr_html_(self) -> str:
        notes = [display.line(display.tag("note", "cold"), display.dim(n)) for n in self.notes]
        rows = self.summary()
        shown = [
            {
                "function": name,
                **{f"{key}s" if key in _COUNTED else key: _cell(row[key]) for key in _COLUMNS},
                "latency": _ms(row["latency_p50"]),
                "99 %": _ms(row["latency_p99"]),
            }
            for name, row in rows.to_dict("index").items()
        ]
        return display.card(
            display.line(display.bold("played"), *map(display.dim, self._figures())),
            display.table(shown, [*shown[0]][1:]) if len(shown) > 1 else "",
            *notes,
        )


_COLUMNS = ("invocations", "success", "cold", "error", "throttle", "failed")
_COUNTED = ("error", "throttle")
_WORDS = {"success": "succeeded", "error": "errors", "throttle": "throttled", "failed": "failed"}


def _cell(count: float | None) -> str:
    return f"{count:,.0f}" if count else ""


def _ms(seconds: float) -> str:
    return display.milliseconds(seconds * 1000)


def _from_zero(trace: Trace) -> Trace:
    """The same trace, with arrivals counted from the first one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from lambda_nb.traces import Trace

    arrival = trace.numbers("arrival")
    if not len(trace) or arrival[0] == 0.0 or trace.start_ns is None:
        return trace
    table = trace.table
    for column in ("arrival", "finish"):
        if column in trace:
            at = table.column_names.index(column)
            moved = pc.subtract(table.column(at), pa.scalar(float(arrival[0])))
            table = table.set_column(at, column, moved)
    return Trace(table, start=trace.start_ns + round(arrival[0] * 1e9), name=trace.name)
