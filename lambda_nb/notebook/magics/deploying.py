"""``%lambda deploy``: a project of files in the notebook, its events as they come, its handles."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.magics.names import identifier
from lambda_nb.notebook.magics.options import parser_of, split
from lambda_nb.notebook.threads import thread
from lambda_nb.projects import arguments
from lambda_nb.projects.deployment import Deployed, Deployment
from lambda_nb.projects.errors import ProjectError
from lambda_nb.projects.reporting import StackEvent
from lambda_nb.projects.watching.watch import Watch

Bind = Callable[[str, str], None]
"""Binds the handle of a function: the name in the notebook, the function's name."""

_EVERY_S = 0.1
_SHOWN = 200
"""Lines of a watch that are kept in its display."""


class Deploying:
    """Deploys projects for one notebook, and watches at most one of them.

    Parameters
    ----------
    session
        The notebook's connection.
    bind
        Gets each function of a project.
    """

    def __init__(self, session: Session, bind: Bind) -> None:
        self._session = session
        self._bind = bind
        self._watch: tuple[Watch, threading.Thread, str] | None = None

    def run(self, rest: str) -> Any:
        """Run ``%lambda deploy``; the cell shows the return value.

        Raises
        ------
        NotebookError
            The project cannot be built or deployed.
        """
        parser = parser_of("deploy", "Build and deploy a project, and bind its functions.")
        arguments.add_to(parser)
        parser.add_argument("--stop", action="store_true", help="end the watch of this notebook")
        options = parser.parse_args(split(rest))
        if options.stop:
            return self._stopped()
        log = _Log(f"deploying {options.path}")
        with _errors(), contextlib.closing(log):
            deployment = Deployment(
                Path(options.path), arguments.wishes(options), self._session, log
            )
            if options.delete:
                self.stop()
                gone = ", ".join(f"{one.name}: {one.what}" for one in deployment.delete())
                return display.said(gone)
            deployed = deployment.deploy()
        # A handle speaks to the notebook's own Region.
        here = [one for one in deployed if not one.elsewhere]
        bound = handles_of({one.outcome.name: one.outcome.functions for one in here})
        for name, function in bound.items():
            self._bind(name, function)
        if options.watch:
            self._begin(deployment, deployed)
        return _shown(deployed, bound, watched=options.watch)

    def stop(self) -> bool:
        """End the watch; False if there is none."""
        if self._watch is None:
            return False
        watch, runs, _ = self._watch
        self._watch = None
        watch.stop()
        runs.join()
        return True

    def _stopped(self) -> display.Shown:
        root = "" if self._watch is None else self._watch[2]
        if not self.stop():
            raise UsageError("%lambda deploy --stop: this notebook watches no project")
        return display.said(f"{root} is watched no more")

    def _begin(self, deployment: Deployment, deployed: list[Deployed]) -> None:
        self.stop()
        root = str(deployment.project.root)
        deployment.tell = _Log(f"watching {root}")
        watch = Watch(deployment, deployed)
        runs = thread("watch", watch.run)
        runs.start()
        self._watch = watch, runs, root


def handles_of(stacks: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Names of handles, with Lambda's own, for the functions of stacks.

    Parameters
    ----------
    stacks
        By the stack's name its functions: the name of each by its logical id.

    Examples
    --------
    >>> handles_of({"a": {"Fn": "a-Fn-1", "Other": "a-Other-1"}, "b": {"Fn": "b-Fn-1"}})
    {'a_Fn': 'a-Fn-1', 'Other': 'a-Other-1', 'b_Fn': 'b-Fn-1'}
    """
    logical_ids = Counter(identifier(one) for functions in stacks.values() for one in functions)
    return {
        identifier(one if logical_ids[identifier(one)] == 1 else f"{stack}_{one}"): function
        for stack, functions in stacks.items()
        for one, function in functions.items()
    }


class _Log:
    """The lines of a deployment below the running cell; also a background thread may add one."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._lines: list[str] = []
        self._latest: dict[str, StackEvent] = {}
        self._shown = 0.0
        self._handle: Any = None
        self._lock = threading.Lock()
        self._show()  # now, in the cell's own thread: the first line may come from another

    def note(self, text: str) -> None:
        with self._lock:
            self._lines = [*self._lines, text][-_SHOWN:]
            self._show()

    def event(self, event: StackEvent) -> None:
        with self._lock:
            self._latest[f"{event.stack}/{event.resource}"] = event
            if event.failed or time.monotonic() - self._shown >= _EVERY_S:
                self._show()

    def close(self) -> None:
        """Show what came since the last update."""
        with self._lock:
            self._show()

    def _show(self) -> None:
        self._shown = time.monotonic()
        shown = {"text/plain": self._text(), "text/html": display.card(self._markup())}
        if self._handle is None:
            from IPython import display as ipython

            show: Any = ipython.display
            self._handle = show(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def _rows(self) -> list[dict[str, str]]:
        return [
            {
                "resource": event.resource,
                "type": event.kind,
                "status": event.status,
                "reason": event.reason,
            }
            for event in self._latest.values()
        ]

    def _text(self) -> str:
        return "\n".join([self._title, *self._lines, display.text_table(self._rows())]).rstrip()

    def _markup(self) -> str:
        lines = "".join(display.line(display.dim(text)) for text in self._lines)
        return display.line(display.bold(self._title)) + lines + display.table(self._rows())


def _shown(deployed: list[Deployed], bound: dict[str, str], *, watched: bool) -> display.Shown:
    text, markup = [], []
    for one in deployed:
        found = one.outcome
        where = f" in {one.elsewhere}" if one.elsewhere else ""
        text.append(f"{found.name}: {one.what}{where}")
        markup.append(
            display.line(display.bold(found.name), display.tag(f"{one.what}{where}", "ok"))
        )
        if one.elsewhere and found.functions:
            hint = (
                f"no handles in this Region: {', '.join(found.functions.values())}; "
                f"%lambda connect ... --region {one.elsewhere} reaches them"
            )
            text.append(hint)
            markup.append(display.line(display.dim(hint)))
        rows = [{"output": key, "value": value} for key, value in found.outputs.items()]
        text.append(display.text_table(rows))
        markup.append(display.table(rows))
        for name, url in found.addresses.items():
            text.append(f"{name}  {url}")
            markup.append(display.line(display.dim(name), display.link(url, url)))
    rows = [{"handle": name, "function": function} for name, function in bound.items()]
    text.append(display.text_table(rows))
    markup.append(display.table(rows))
    if watched:
        hint = "what you save takes effect; %lambda deploy --stop ends that"
        text.append(hint)
        markup.append(display.line(display.dim(hint)))
    return display.Shown("\n".join(filter(None, text)), "".join(markup))


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except ProjectError as error:
        raise NotebookError(str(error)) from None
