"""Asking for a debugger: ``%%lambda NAME --debug``, by an environment variable of the function."""

from __future__ import annotations

import argparse
import re
from typing import Any

from lambda_nb.notebook.errors import UsageError
from lambda_nb.rules.settings.debugging import VARIABLE, asked_port

LANGUAGES = {"python": "Python", "nodejs": "Node.js"}
"""Languages with a debugger, by the beginning of their runtimes."""

_IN_VAIN = "its breakpoints do nothing without --debug in the first line"
_AWS = "--debug does nothing on AWS, it is left out there"
_ON = "runs under a debugger; breakpoints in this cell stop it"
_OFF = (
    "runs under a debugger: turn on JupyterLab's (the bug in the toolbar) and set breakpoints in "
    "this cell; for VS Code: %lambda debug {name}"
)
_NONE_HERE = "runs under a debugger; %lambda debug {name} tells how VS Code attaches"


def port(text: str) -> str:
    """The value of ``--debug``: a port of 1024 and more, or 1 for any."""
    if text == "1" or asked_port(text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is no port for a debugger: 1024 to 65535, or none")


def variables(options: argparse.Namespace, runtime: str, *, is_aws: bool) -> dict[str, str]:
    """The environment variable of a cell with ``--debug``.

    Raises
    ------
    UsageError
        The function cannot be debugged.
    """
    if options.debug is None or is_aws:
        return {}
    what = f"%%lambda {options.name} --debug"
    if options.edge:
        raise UsageError(f"{what}: functions at the edge have no environment variables; leave it")
    family = re.match("[a-z]*", runtime)
    if family is None or family[0] not in LANGUAGES:
        raise UsageError(
            f"{what}: {runtime} has no debugger here; {' and '.join(LANGUAGES.values())} have one"
        )
    return {VARIABLE: options.debug}


def note(
    options: argparse.Namespace, debugger: Any, source: str, problem: str, *, is_aws: bool
) -> list[str]:
    """What the cell, whose text is given, says of its ``--debug``, or of the lack of it."""
    if options.debug is None:
        waits = debugger is not None and debugger.has_breakpoints(source)
        return [_IN_VAIN] if waits else []
    if is_aws:
        return [_AWS]
    if problem:
        return [f"no breakpoints: {problem}"]
    if debugger is None:
        return [_NONE_HERE.format(name=options.name)]
    return [_ON if debugger.is_started else _OFF.format(name=options.name)]
