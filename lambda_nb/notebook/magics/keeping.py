"""``%lambda snapshot`` and ``%lambda restore``, and what ``%load_ext`` says of the last kernel."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.errors import NotebookError, UsageError, aws_errors
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.kept.runs import Run, Runs, words
from lambda_nb.notebook.magics.options import parser_of, split

Bind = Callable[[str], Function]
"""Binds the handle of a function in the notebook."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SOMETHING = "what others made there"
"""Of an engine that went on after its kernel: others may have used it."""


def offer(runs: Runs) -> display.Shown | None:
    """What the last kernel of this notebook left, and how to get it; ``None`` if nothing.

    The panel reads this sentence: ``labextension/src/panel/commands/loading.ts``.
    """
    left = runs.left()
    if left is None:
        return None
    if left.serves:
        text = f"The engine of the last kernel still runs, with {words(left.made) or _SOMETHING}."
        command = f"%lambda connect {left.serves} --credentials {left.data / 'credentials'}"
    else:
        text = f"The last kernel left {words(left.made) or _SOMETHING}, {_ago(left.at)}."
        command = "%lambda restore"
    told = f"{text} {command} brings them back."
    return display.Shown(
        told,
        display.line(display.dim(text)) + display.line(f"<code>{command}</code> brings them back."),
    )


def snapshot(session: Session, rest: str) -> display.Shown:
    """Keep what this notebook's engine has, under a name."""
    parser = parser_of("snapshot", "Keep all that this notebook's own engine has, under a name.")
    parser.add_argument("name", metavar="NAME", nargs="?", default="latest", help="default: latest")
    parser.add_argument("--list", action="store_true", help="the snapshots of this notebook")
    parser.add_argument("--delete", action="store_true", help="delete the one of this name")
    options = parser.parse_args(split(rest))
    if options.list:
        return _list(session.runs)
    name = _checked(options.name)
    if options.delete:
        _found(session.runs, name).remove()
        return display.said(f"deleted the snapshot {name}")
    began = time.monotonic()
    kept = session.snapshot(name)
    return display.said(
        f"kept {words(kept.made) or 'an engine without anything'} as {name} "
        f"({time.monotonic() - began:.1f} s; the engine started again, so the next invocations "
        f"start cold). %lambda restore {name} brings it back, in this kernel or a later one."
    )


def restore(session: Session, rest: str, bind: Bind) -> display.Shown:
    """Start the engine with what the last kernel left, or with a snapshot."""
    parser = parser_of("restore", "Start with what the last kernel left, or with a snapshot.")
    parser.add_argument("name", metavar="NAME", nargs="?", help="of a snapshot")
    name = parser.parse_args(split(rest)).name
    runs = session.runs
    if name is None:
        run = runs.left()
        if run is None:
            others = ", ".join(one.place.name for one in runs.snapshots())
            raise NotebookError(
                "the last kernel of this notebook left nothing"
                + (f"; there are the snapshots {others}: %lambda restore NAME" if others else "")
            )
        if run.serves:
            raise NotebookError(
                f"the engine of the last kernel still runs: %lambda connect {run.serves} "
                f"--credentials {run.data / 'credentials'}"
            )
    else:
        copied = runs.copy(_found(runs, _checked(name)))
        if copied is None:
            raise NotebookError(f"the snapshot {name} cannot be copied: {runs.problem}")
        run = copied
    session.restore(run)
    with aws_errors():
        pages = session.client().get_paginator("list_functions").paginate()
        names = [one["FunctionName"] for page in pages for one in page["Functions"]]
    for one in names:
        bind(one)
    bound = f" {', '.join(names)} can be called as before." if names else ""
    return display.said(f"restored {words(run.made) or _SOMETHING}.{bound}")


def _found(runs: Runs, name: str) -> Run:
    found = runs.snapshot(name)
    if found is None:
        there = ", ".join(one.place.name for one in runs.snapshots()) or "none"
        raise UsageError(f"this notebook has no snapshot {name!r}; it has {there}")
    return found


def _list(runs: Runs) -> display.Shown:
    rows = [
        {"snapshot": one.place.name, "made": _ago(one.at), "holds": words(one.made)}
        for one in runs.snapshots()
    ]
    if not rows:
        return display.said("No snapshots yet: %lambda snapshot NAME makes one.")
    return display.Shown(display.text_table(rows), display.table(rows))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a snapshot; use letters, digits, . _ and -")
    return name


def _ago(at: float) -> str:
    seconds = max(0.0, time.time() - at)
    for unit, size in (("day", 86_400.0), ("hour", 3600.0), ("minute", 60.0)):
        if seconds >= size:
            return f"{display.count(int(seconds // size), unit)} ago"
    return "just now"
