"""Tab completion for the magics, and the table of options that a page completes from."""

from __future__ import annotations

import argparse
import re
from typing import Any

from lambda_nb.exports.export import FORMATS
from lambda_nb.notebook.magics import function_magic
from lambda_nb.notebook.magics.editing.choices import AT_VIEWER, FUNCTION_CELL, LINE, NAME, Choices
from lambda_nb.notebook.magics.line_magic import HELP, Commands
from lambda_nb.notebook.magics.options import Parser, cell_parser
from lambda_nb.notebook.views.messages import CHANNELS

_COMMAND = re.compile(r"^  (?P<name>[a-z]+) (?P<rest>.*?)  +(?P<help>\S.*)$", re.MULTILINE)
_BLOCK = r"^  {} .*(?:\n {{10,}}.*)*"
"""What HELP says of a command, over all its lines."""
_OPTION = re.compile(r"--[a-z][a-z-]*")
_OF_APIS, _OF_DISTRIBUTIONS, _OF_SNAPSHOTS = ("access", "api"), ("edge",), ("restore", "snapshot")
_OF_FILES = ("deploy",)
_OF_FORMATS = ("export",)
_FIXED: dict[str, list[str]] = {
    "connect": ["aws", "local", "http://127.0.0.1:"],
    "messages": list(CHANNELS),
    **{command: [] for command in ("help", "ls", "start", "status", "stop")},
}
"""Commands that take no name of what is there."""
_SEVERAL = (argparse.ONE_OR_MORE, argparse.ZERO_OR_MORE)


class Completer:
    """Answers IPython's ``complete_command`` hook for ``%lambda`` and ``%%lambda``."""

    def __init__(self, choices: Choices, commands: Commands) -> None:
        self._choices = choices
        self._commands = commands

    def __call__(self, _: Any, event: Any) -> list[str]:
        """The words that are possible at the cursor."""
        words = event.line.split()
        before = words if not event.symbol else words[:-1]
        if event.line.lstrip().startswith("%%"):
            return self._cell(before)
        if len(before) <= 1:
            return self._commands.names()
        command = before[1]
        if command in _FIXED and len(before) > 2:
            return options_of(command)
        return [*self._of_command(command), *options_of(command)]

    def _of_command(self, command: str, *, wait: bool = True) -> list[str]:
        if command in _FIXED:
            return _FIXED[command]
        if command in _OF_FILES:
            return self._choices.of(LINE, "--file")
        if command in _OF_FORMATS:
            return [*FORMATS, *self._choices.of(LINE, NAME, wait=wait)]
        if command in _OF_SNAPSHOTS:
            return self._choices.snapshots()
        if command in _OF_APIS:
            return self._choices.of(LINE, "--api", wait=wait)
        if command in _OF_DISTRIBUTIONS:
            return self._choices.of(LINE, "--distribution", wait=wait)
        return self._choices.of(LINE, NAME)

    def _cell(self, before: list[str]) -> list[str]:
        magic = before[0] if before else FUNCTION_CELL
        parser = parser_of(magic)
        if len(before) == 1:
            return self._choices.of(magic, NAME) or long_options(parser)
        # After an option of several values, any word may be one more value.
        options = {flag: action for action in parser._actions for flag in action.option_strings}
        latest = next((word for word in reversed(before) if word.startswith("--")), "")
        action = options.get(latest)
        values = self._choices.of(magic, latest) if action is not None else []
        if values and before[-1] == latest:
            return values
        further = values if action is not None and action.nargs in _SEVERAL else []
        return [*further, *long_options(parser)]

    def table(self) -> list[dict[str, Any]]:
        """All options of all magics with their help and choices, for the page's completion.

        Returns
        -------
        list of dict
            ``magic``, ``flag`` (empty for the name; a command of ``%lambda``), ``metavar``,
            ``help``, ``choices``, ``several``.
        """
        rows = [
            _row(magic, action, self._choices)
            for magic in (FUNCTION_CELL, AT_VIEWER)
            for action in parser_of(magic)._actions
        ]
        told = {found["name"]: found for found in _COMMAND.finditer(HELP)}
        for name in self._commands.names():
            found = told.get(name)
            rows.append(
                {
                    "magic": LINE,
                    "flag": name,
                    "metavar": found["rest"].strip() if found else "",
                    "help": found["help"] if found else "",
                    "choices": self._of_command(name, wait=False),
                    "several": False,
                }
            )
        return rows


def _row(magic: str, action: argparse.Action, choices: Choices) -> dict[str, Any]:
    flag = next((name for name in action.option_strings if name.startswith("--")), NAME)
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if not metavar and action.choices:
        metavar = "|".join(map(str, action.choices))
    return {
        "magic": magic,
        "flag": flag,
        "metavar": metavar if action.nargs != 0 else "",
        "help": (action.help or "").replace("%%", "%"),
        "choices": choices.of(magic, flag, wait=False)
        or [str(word) for word in action.choices or ()],
        "several": action.nargs in _SEVERAL,
    }


def options_of(command: str) -> list[str]:
    """The options of a command of ``%lambda`` that its help names."""
    found = re.search(_BLOCK.format(re.escape(command)), HELP, re.MULTILINE)
    named = set(_OPTION.findall(found[0])) if found else set()
    return sorted(named - {f"--{command}"})  # that is one of %%lambda


def parser_of(magic: str) -> Parser:
    """The parser of a cell magic."""
    return function_magic.parser() if magic == AT_VIEWER else cell_parser()


def long_options(parser: Parser) -> list[str]:
    """The long options of a magic."""
    return sorted(
        option
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--")
    )
