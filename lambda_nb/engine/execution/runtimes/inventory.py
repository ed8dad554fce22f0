"""Lists the program of each managed runtime on this machine, what is missing, and what to do."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from lambda_nb.engine.execution.runtimes import interpreters
from lambda_nb.rules.settings import runtimes


@dataclass(frozen=True, slots=True)
class Row:
    """One managed runtime.

    ``status`` is "here", "nearest" (only another version is here: ``note`` says which) or
    "missing". ``remedy`` is what to do unless it is here.
    """

    runtime: str
    status: Literal["here", "nearest", "missing"]
    program: str = ""
    version: str = ""
    note: str = ""
    remedy: str = ""


def table(today: date) -> list[Row]:
    """A row for each runtime that new functions may use."""
    return [_row(one) for one in runtimes.supported(today) if one != "custom"]


def _row(identifier: str) -> Row:
    family = runtimes.RUNTIMES[identifier].family
    if family == "provided":
        go = shutil.which("go")
        note = "" if go else "Go sources need Go, which is not here"
        return Row(identifier, "here", note=note or "brings its own bootstrap; Go sources compile")
    if family == "dotnet":
        return Row(identifier, "missing", remedy="use a custom runtime (provided.al2023)")
    try:
        program = interpreters.choose(identifier, "nearest")
    except interpreters.NotHereError:
        return Row(identifier, "missing", remedy=interpreters.remedy(identifier))
    path, version, note = program
    if family == "java" and not Path(path).resolve().with_name("javac").exists():
        return Row(identifier, "missing", path, version, remedy="Install a JDK: javac is missing")
    if note:
        return Row(identifier, "nearest", path, version, note, interpreters.remedy(identifier))
    return Row(identifier, "here", path, version)
