"""What became of a function's tests: a line for each beside the deploy line, and a short error."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

from lambda_nb.notebook import display
from lambda_nb.notebook.errors import BOLD, OFF, NotebookError

_SHOWN = 12
"""Passed tests that a display lists; of more it gives the number."""


@dataclass(frozen=True)
class Outcome:
    """One test that ran.

    Attributes
    ----------
    title
        The event, or the name of the test function.
    passed
        Whether it did what was expected.
    told
        What came back, or the assertion that failed, on one line.
    place
        Where it failed: ``Cell In[4], line 5``; empty if the deployed cell itself says it.
    details
        More lines for the error: values of an assertion, the function's own frames.
    figures
        Start and duration of an event's invocation.
    """

    title: str
    passed: bool
    told: str = ""
    place: str = ""
    details: Sequence[str] = ()
    figures: Sequence[str] = field(default=())

    def __str__(self) -> str:
        mark = "✓" if self.passed else "✗"
        words = [f"{mark} {self.title}{f' → {self.told}' if self.told else ''}"]
        return " · ".join([*words, *([self.place] if self.place else []), *self.figures])

    def markup(self) -> str:
        """The line as HTML; the words for readers who do not see the mark's colour."""
        kind, mark, word = ("ok", "✓", "passed") if self.passed else ("error", "✗", "failed")
        shown = f"→ {self.told}" if self.told else ""
        return display.line(
            f'<span class="lnb-{kind}" role="img" aria-label="{word}">{mark}</span>',
            f"<code>{html.escape(self.title)}</code>",
            f"<span>{html.escape(shown)}</span>" if shown else "",
            *map(display.dim, [self.place, *self.figures]),
        )


class TestsFailed(NotebookError):  # noqa: N818  # as users say it
    """A function is deployed, but not all of its tests passed.

    Attributes
    ----------
    function
        Its name.
    outcomes
        All that ran.
    """

    __test__ = False  # the name must not make pytest collect it

    def __init__(self, function: str, outcomes: Sequence[Outcome]) -> None:
        self.function = function
        self.outcomes = list(outcomes)
        failed = [one for one in outcomes if not one.passed]
        super().__init__(
            f"{len(failed)} of {display.count(len(outcomes), 'test')} of {function} failed; "
            f"{function} is deployed"
        )

    def _render_traceback_(self) -> list[str]:
        lines = [f"{BOLD}TestsFailed{OFF}: {self}"]
        for one in self.outcomes:
            if not one.passed:
                where = one.place.removeprefix(one.title).removeprefix(", ")
                where = f", {where}" if where else ""
                lines.append(f"{BOLD}{one.title}{OFF}{where}: {one.told}")
                lines += [f"    {line}" for line in one.details]
        return lines


def summary(outcomes: Sequence[Outcome]) -> str:
    """``3 tests passed``, ``1 of 3 tests failed``."""
    failed = sum(not one.passed for one in outcomes)
    if failed:
        return f"{failed} of {display.count(len(outcomes), 'test')} failed"
    return f"{display.count(len(outcomes), 'test')} passed"


def text(outcomes: Sequence[Outcome]) -> list[str]:
    """The lines as text; none without tests."""
    return [str(one) for one in _first(outcomes)] + ([summary(outcomes)] if outcomes else [])


def markup(outcomes: Sequence[Outcome]) -> str:
    """The lines as HTML; empty without tests."""
    if not outcomes:
        return ""
    kind = "ok" if all(one.passed for one in outcomes) else "error"
    lines = [one.markup() for one in _first(outcomes)]
    return display.line(display.tag(summary(outcomes), kind)) + "".join(lines)


def _first(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """All that failed, and the first that passed."""
    passed = [one for one in outcomes if one.passed][:_SHOWN]
    return [one for one in outcomes if not one.passed or one in passed]
