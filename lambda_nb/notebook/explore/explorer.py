"""``explore``: the widget. The page draws; this side simulates.

How a picture comes within a frame: while a slider moves, the page draws from results that it has.
Each of them is exact, of the whole trace; they are simulated in a thread, at first for the ends and
the middle of each slider, then for the stops between. A setting between two of them is drawn
between their pictures, and the page says that it is coarse and how far the two lie apart. When the
sliders rest, that very setting is simulated, and the page says that the picture is exact.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.explore import call_text, still
from lambda_nb.notebook.explore.points import ALL, STACKED, Point, Reader, views
from lambda_nb.notebook.explore.settings import Place, Sliders
from lambda_nb.notebook.explore.worker import Worker
from lambda_nb.notebook.page_files import ELEMENTS, page_file
from lambda_nb.notebook.static_form import StaticForm
from lambda_nb.simulator import Prepared
from lambda_nb.simulator.assumptions.workload import NotCompiledError

if TYPE_CHECKING:
    from lambda_nb.simulator import Result
    from lambda_nb.traces import Trace

COMPILED_FROM = 20_000
"""From this number of requests on, the compiled engine replays faster than SimPy."""
SLOW_S = 3.0
"""With a replay that takes longer, places around the sliders are not simulated ahead."""
_SCRIPTS = (
    ELEMENTS,
    *(f"explore/page/{name}.js" for name in ("numbers", "coarse", "charts", "explore")),
)
_FIXED = ("init", "duration", "timeout", "seed")
_MOST_POINTS = 3000
_KEPT_EVERY_S = 2.0


class Explorer(anywidget.AnyWidget):
    """Sliders for memory, keep-alive, provisioned environments and the concurrency limit.

    Attributes
    ----------
    settings
        The settings that the sliders rest on, as arguments for :func:`lambda_nb.simulate`.
    refused
        Why they cannot be simulated; empty if they can.
    """

    _esm = "\n".join(map(page_file, _SCRIPTS))
    _css = page_file("explore/page/explore.css")
    options = traitlets.Dict().tag(sync=True)

    def __init__(self, trace: Trace, **assumed: Any) -> None:
        self._given = assumed
        self._prepared = Prepared(trace, **{k: v for k, v in assumed.items() if k in _FIXED})
        self._assumed = {k: v for k, v in assumed.items() if k not in _FIXED}
        self._engine = "compiled" if len(trace) >= COMPILED_FROM else "simpy"
        self._trace = trace
        first = self._first()
        self.sliders = Sliders(int(first.total["peak_concurrency"]), assumed)
        self._reader = Reader(trace, ALL)
        self._points: dict[Place, Point] = {}
        self._slow = 0.0
        self._place = self.sliders.begin
        self._static = StaticForm()
        self._kept_at = 0.0
        self.refused = ""
        self._worker = Worker(self._answer, self._look_ahead, self._around)
        self.settings: dict[str, Any] = self.sliders.arguments(self._place)
        self._result = (self._place, first)
        self._found(self._place, first)
        self._drawn = self._points[self._place]
        super().__init__(options=self._options())
        self.on_msg(self._heard)

    def _first(self) -> Result:
        try:
            return self._simulate({})
        except NotCompiledError:
            self._engine = "simpy"
            return self._simulate({})

    def _simulate(self, settings: Mapping[str, Any]) -> Result:
        return self._prepared.simulate(**{**self._assumed, **settings, "engine": self._engine})

    def _options(self) -> dict[str, Any]:
        before, after = call_text.around(self._trace, self._given, self.sliders.fixed)
        return {
            "stops": {
                axis: [_number(stop) for stop in stops]
                for axis, stops in self.sliders.stops.items()
            },
            "begin": _plain(self.sliders.begin),
            "fixed": self.sliders.fixed,
            "views": views(self._trace.functions),
            "name": self._trace.name,
            "rows": len(self._trace),
            "span": max(self._trace.span, 1.0),
            "call": [before, after],
        }

    # -- from the page ------------------------------------------------------------------------

    def _heard(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if content.get("kind") == "open":
            for point in list(self._points.values()):
                self._tell(point)
            self._worker.rest(self._place)
        elif content.get("kind") == "rest":
            view = content.get("view", self.view)
            if view in views(self._trace.functions):
                self._look_at(view)
            self._place = _place(content["place"])
            self._worker.rest(self._place)

    # -- from Python --------------------------------------------------------------------------

    @property
    def result(self) -> Result:
        """The :class:`~lambda_nb.simulator.Result` of the settings that the sliders rest on."""
        if self._result[0] != self._place:
            self._result = (self._place, self._simulate(self.sliders.arguments(self._place)))
        return self._result[1]

    @property
    def view(self) -> str:
        """What of the trace the picture shows."""
        return self._reader.view

    def set(self, *, view: str | None = None, **settings: Any) -> Explorer:
        """Move the sliders.

        Parameters
        ----------
        view
            ``"all functions"``, ``"each function, stacked"``, or the name of a function.
        settings
            ``keep_alive`` (s), ``memory`` (MB; 0: as traced), ``provisioned``, ``account_limit``.

        Raises
        ------
        UsageError
            There is no such view or slider.
        """
        names = {"account_limit": "limit"}
        moved = {names.get(name, name): value for name, value in settings.items()}
        wrong = [name for name in moved if name not in Place._fields]
        if wrong:
            raise UsageError(
                f"there is no slider {wrong[0]!r}; there are keep_alive, memory, provisioned and "
                "account_limit"
            )
        if view is not None:
            if view not in views(self._trace.functions):
                raise UsageError(f"view={view!r} is none of {views(self._trace.functions)}")
            self._look_at(view)
        self._place = self._place._replace(**moved)
        self.send({"kind": "moved", "place": _plain(self._place), "view": self.view})
        self._worker.rest(self._place)
        return self

    def wait(self) -> Explorer:
        """Wait until the result is that of the sliders."""
        self._worker.wait()
        return self

    def join(self) -> Explorer:
        """Wait until the settings around them are simulated too."""
        self._worker.rest(self._place)
        self._worker.join()
        return self

    # -- in the worker's thread ---------------------------------------------------------------

    def _look_at(self, view: str) -> None:
        if view != self.view:
            self._reader = Reader(self._trace, view)
            self._points = {}

    def _answer(self, place: Place) -> None:
        try:
            if place not in self._points:
                began = time.perf_counter()
                result = self._simulate(self.sliders.arguments(place))
                self._slow = time.perf_counter() - began
                self._result = (place, result)
                self._found(place, result)
        except Exception as error:  # the widget says any error; its thread goes on
            told = str(error) or type(error).__name__
            self.refused = told
            self.send({"kind": "refused", "place": _plain(place), "text": told})
            return
        self.refused = ""
        self.settings = self.sliders.arguments(place)
        point = self._points.get(place)
        if point is None:  # another view was chosen meanwhile; its answer comes
            return
        self._drawn = point
        self._tell(point)
        for memory in self.sliders.stops["memory"]:
            other = self._points.get(place._replace(memory=int(memory)))
            if other is not None and other.place != place:
                self._tell(other)
        self._keep()

    def _around(self, place: Place) -> Iterator[Place]:
        if self._slow > SLOW_S or len(self._points) > _MOST_POINTS:
            return iter(())
        return (other for other in self.sliders.around(place) if other not in self._points)

    def _look_ahead(self, place: Place) -> None:
        try:
            if place not in self._points and not self._same_without_limit(place):
                self._found(place, self._simulate(self.sliders.arguments(place)))
        except ValueError:
            return  # a setting that cannot be: the page says so when the slider is there
        if place in self._points:
            self._tell(self._points[place])

    def _same_without_limit(self, place: Place) -> bool:
        """Take over the result of another limit if neither was ever reached."""
        for other, point in list(self._points.items()):
            peak = point.figures["peak_concurrency"]
            free = not point.figures["throttles"] and min(other.limit, place.limit) > peak
            if free and other._replace(limit=place.limit) == place:
                self._points[place] = replace(point, place=place)
                return True
        return False

    def _found(self, place: Place, result: Result) -> None:
        reader = self._reader
        point = reader.point(place, result)
        self._points[place] = point
        if "scaling" in self._assumed or "memory" in self.sliders.fixed:
            return
        name = None if reader.view in (ALL, STACKED) else reader.view
        usage = result.usage(name)
        for memory in self.sliders.stops["memory"]:
            other = reader.with_memory(point, int(memory), usage, result.pricing)
            if other is not None:
                self._points.setdefault(other.place, other)

    def _tell(self, point: Point) -> None:
        self.send(
            {
                "kind": "point",
                "place": _plain(point.place),
                "view": self.view,
                "names": point.names,
                "width": point.width,
                "figures": {key: _number(value) for key, value in point.figures.items()},
                "bill": point.bill,
                "resting": point.place == self._place,
            },
            [point.bands.tobytes()],
        )

    # -- what stays in the notebook -----------------------------------------------------------

    def _markup(self) -> str:
        return still.markup(self._drawn, self.call, self._trace)

    @property
    def call(self) -> str:
        """The line of code that simulates the settings of the sliders."""
        before, after = call_text.around(self._trace, self._given, self.sliders.fixed)
        return before + call_text.arguments(self.settings) + after

    def _keep(self) -> None:
        is_due = time.monotonic() - self._kept_at > _KEPT_EVERY_S
        if is_due and self._drawn.place == self._place:
            self._kept_at = time.monotonic()
            self._static.update(self._markup(), repr(self))

    def __repr__(self) -> str:
        return f"{self.call}\n{self.result!r}"

    def _ipython_display_(self) -> None:
        bundle = self._repr_mimebundle_()
        self._static.show(
            self._markup(), repr(self), bundle[0] if isinstance(bundle, tuple) else bundle
        )


def explore(trace: Trace, **assumed: Any) -> Explorer:
    """Sliders over a trace: how keep-alive, memory, provisioned concurrency and the limit change
    cold starts, throttles and the bill.

    While a slider moves, the picture follows at once and says that it is coarse: it lies between
    settings that were simulated before. When the slider rests it is exact. **Compare** keeps the
    present settings as A, next to those of the sliders as B. The line of code below simulates the
    same.

    Parameters
    ----------
    trace
        What was invoked when.
    assumed
        Settings of :func:`lambda_nb.simulate`. ``keep_alive``, ``memory``, ``provisioned`` and
        ``account_limit`` are where the sliders begin (a policy or a mapping replaces its slider);
        the others hold throughout: ``init=0.2``, ``reserved``, ``pricing`` ...

    Examples
    --------
    >>> trace = lambda_nb.traces.poisson(rate=5, duration=0.2, hours=1, seed=1)  # doctest: +SKIP
    >>> lambda_nb.explore(trace, init=0.3)  # doctest: +SKIP
    """
    return Explorer(trace, **assumed)


def _place(told: list[Any]) -> Place:
    keep_alive = float("inf") if told[0] is None else float(told[0])
    return Place(keep_alive, int(told[1]), int(told[2]), int(told[3]))


def _plain(place: Place) -> list[Any]:
    return [_number(value) for value in place]


def _number(value: float) -> float | None:
    """JSON has no infinity and no NaN: null stands for them."""
    return None if value != value or value in (float("inf"), float("-inf")) else value
