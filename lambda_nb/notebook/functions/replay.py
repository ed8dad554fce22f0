"""The same events once more, against the code as it is now, with what has changed."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from lambda_nb.notebook import display
from lambda_nb.notebook.functions.many_invocations import progress_bar
from lambda_nb.notebook.functions.recent_events import Arrived, Events
from lambda_nb.notebook.functions.result import Result

if TYPE_CHECKING:
    import pandas as pd

_REPLAYED: set[str] = set()
"""Request ids of replays: they are not replayed themselves."""
_RIGHT = ("before", "now", "cost before", "cost now")


@dataclass(frozen=True)
class Again:
    """One event, what became of it then, and what becomes of it now."""

    before: Arrived
    now: Result

    @property
    def same(self) -> bool:
        """Whether outcome and response are the same."""
        if self.before.ok != self.now.ok:
            return False
        if not self.now.ok:
            return self.before.error_type == self.now.function_error
        return bool(self.before.response == self.now.payload)

    @property
    def result(self) -> str:
        """In a few words: what the results are like."""
        then = "success" if self.before.ok else self.before.error_type or self.before.status
        now = "success" if self.now.ok else self.now.function_error
        if then != now:
            return f"{then} → {now}"
        return f"same ({now})" if self.same else "another response"

    def difference(self) -> str:
        """The two responses line by line; empty if they are the same."""
        if self.same:
            return ""
        then, now = (
            display.pretty(value).splitlines() for value in (self.before.response, self.now.payload)
        )
        lines = difflib.unified_diff(then, now, "before", "now", lineterm="", n=2)
        return "\n".join(lines) or f"{self.before.outcome} → {self.now.status}"

    def row(self) -> dict[str, str]:
        """The event as a row of a table."""
        now = self.now
        return {
            "event": " ".join(part for part in self.before.origin[:3] if part),
            "result": self.result,
            "before": display.milliseconds(self.before.duration * 1000),
            "now": "" if now.duration is None else display.milliseconds(now.duration * 1000),
            "cost before": display.dollars(self.before.cost),
            "cost now": "" if now.cost is None else display.dollars(now.cost),
        }


class Replay(Sequence[Again]):
    """Events of a function that ran once more.

    Parameters
    ----------
    function
        The function's name.
    again
        Each event with both results.
    """

    def __init__(self, function: str, again: Sequence[Again]) -> None:
        self.function = function
        self._again = list(again)

    @overload
    def __getitem__(self, at: int) -> Again: ...

    @overload
    def __getitem__(self, at: slice) -> Replay: ...

    def __getitem__(self, at: int | slice) -> Again | Replay:
        """One event, or some of them."""
        return Replay(self.function, self._again[at]) if isinstance(at, slice) else self._again[at]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._again)

    @property
    def changed(self) -> Replay:
        """Those whose outcome or response is another."""
        return Replay(self.function, [one for one in self if not one.same])

    def to_frame(self) -> pd.DataFrame:
        """A table: what came, whether it is the same, seconds and dollars then and now."""
        import pandas as pd

        columns = {
            "time": [one.before.time for one in self],
            "source": [one.before.origin.source for one in self],
            "what": [one.before.origin.what for one in self],
            "same": [one.same for one in self],
            "result": [one.result for one in self],
            "duration_before_s": [one.before.duration for one in self],
            "duration_now_s": [one.now.duration for one in self],
            "cost_before_usd": [one.before.cost for one in self],
            "cost_now_usd": [one.now.cost for one in self],
        }
        frame: pd.DataFrame = pd.DataFrame(columns)
        return frame

    def _head(self) -> str:
        different = len(self.changed)
        words = f"{different} of {len(self)} differ" if different else f"all {len(self)} the same"
        before = sum(one.before.cost for one in self)
        now = sum(one.now.cost or 0.0 for one in self)
        return f"{words} · cost {display.dollars(before)} → {display.dollars(now)}"

    def __repr__(self) -> str:
        if not self:
            return _none(self.function)
        table = display.text_table([one.row() for one in self], _RIGHT)
        parts = [f"{self.function}: {self._head()}", table]
        parts += [one.difference() for one in self.changed[:3]]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        if not self:
            return display.card(display.line(display.dim(_none(self.function))))
        return display.card(
            display.line(display.bold(self.function), display.dim(self._head())),
            display.table([one.row() for one in self], _RIGHT),
            *(
                display.folded(f"difference: {one.row()['event']}", one.difference())
                for one in self.changed[:10]
            ),
        )


def _none(function: str) -> str:
    return f"nothing to replay: no event of this time has run in {function}"


def replay(events: Events, invoke: Callable[[Any], Result], *, progress: bool = True) -> Replay:
    """Run events once more, one after the other, in their order.

    Parameters
    ----------
    events
        What arrived. Of an event with several attempts the last one counts; what is running,
        was throttled or was a replay itself is left out.
    invoke
        Runs the function.
    progress
        Whether to show a bar.
    """
    last = {
        one.request_id: one
        for one in events
        if one.status not in ("running", "throttled", "not run") and one.request_id not in _REPLAYED
    }
    again = []
    bar = progress_bar(events.function, len(last), progress)
    try:
        for one in last.values():
            result = invoke(one.event)
            _REPLAYED.add(result.request_id)
            again.append(Again(one, result))
            bar.update(1)
    finally:
        bar.close()
    return Replay(events.function, again)
