"""What a ``%%lambda`` cell displays: the function, its routes, tests, and an update's effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.functions import deploy
from lambda_nb.notebook.functions.figures import figures, summary
from lambda_nb.notebook.magics import web_routes
from lambda_nb.notebook.trials import outcomes as told_of_tests
from lambda_nb.notebook.trials.outcomes import Outcome, TestsFailed
from lambda_nb.notebook.views.handover import Handover
from lambda_nb.notebook.web import http_api

Follow = Callable[[Callable[[], None]], None]
"""Calls what it is given whenever there is news of an update."""


class Deployment:
    """The display of a cell that was deployed.

    Parameters
    ----------
    deployed, served
        The function, and its routes.
    outcomes
        Its tests.
    handover
        What the update changed, if new code replaced old code.
    """

    def __init__(
        self,
        deployed: deploy.Deployed,
        served: http_api.Served | None,
        outcomes: Sequence[Outcome],
        handover: Handover | None,
    ) -> None:
        self._deployed = deployed
        self._outcomes = outcomes
        self._handover = handover
        self._links = [] if served is None else web_routes.links(served)
        self._notes = [*deployed.notes, *([] if served is None else served.notes)]

    def __repr__(self) -> str:
        deployed = self._deployed
        head = [deployed.name, deployed.what, *figures(deployed.config), *self._notes]
        lines = [" · ".join(head), *(link.text for link in self._links)]
        if self._handover is not None:
            lines.append("updated " + " · ".join(self._handover.words()))
        return "\n".join([*lines, *told_of_tests.text(self._outcomes)])

    def _repr_html_(self) -> str:
        deployed = self._deployed
        kind = "warm" if deployed.what == "unchanged" else "ok"
        notes = [
            display.link(note, note) if note.startswith("http") else display.dim(note)
            for note in self._notes
        ]
        parts = [summary(deployed.config, display.tag(deployed.what, kind))]
        parts += [display.line(*notes)] if notes else []
        parts += [link.markup for link in self._links]
        if self._handover is not None:
            words = self._handover.words()
            words[0] = f"updated {words[0]}"
            parts.append(display.line(*map(display.dim, words)))
        return display.card(*parts, told_of_tests.markup(self._outcomes))


class Followed(Deployment):
    """A deployment whose display is updated in place when ``follow`` has news.

    IPython displays it by this class's own method, because only then the display has an id.
    """

    def __init__(self, follow: Follow, *parts: Any) -> None:
        super().__init__(*parts)
        self._follow = follow

    def _ipython_display_(self) -> None:
        handle: Any = display_now(self._bundle(), raw=True, display_id=True)
        self._follow(lambda: handle.update(self._bundle(), raw=True))

    def _bundle(self) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


def display_now(shown: Any, **options: Any) -> Any:
    """IPython's ``display``."""
    from IPython.display import display as of_ipython

    untyped: Any = of_ipython
    return untyped(shown, **options)


def tests(name: str, outcomes: Sequence[Outcome], note: str) -> display.Shown:
    """The display of a cell with tests."""
    text = "\n".join([*told_of_tests.text(outcomes), f"{name}: {note}"])
    head = display.line(display.bold(f"λ {name}"), display.dim(note))
    return display.Shown(text, head + told_of_tests.markup(outcomes))


def passed(shown: Any, name: str, outcomes: Sequence[Outcome]) -> Any:
    """What the cell returns; if a test failed, show it and let the cell fail.

    Raises
    ------
    TestsFailed
        The function is deployed, and Run All stops here.
    """
    if all(one.passed for one in outcomes):
        return shown
    display_now(shown)
    raise TestsFailed(name, outcomes)
