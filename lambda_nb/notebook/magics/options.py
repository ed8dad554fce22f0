"""The options of ``%%lambda``: Lambda's settings with Lambda's names."""

from __future__ import annotations

import argparse
import difflib
import re
import shlex
from typing import Any, NoReturn

from lambda_nb.notebook.debugging.live import asking
from lambda_nb.notebook.edge.settings.associations import EVENTS
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.magics.event_sources import FORMS
from lambda_nb.notebook.trials import event_line
from lambda_nb.notebook.web.routes import FORMS as FORMS_OF_ROUTES

API = "notebook"
"""The HTTP API of routes without ``--api``."""
DESCRIPTION = """\
Turn this cell into a Lambda function and bind a handle with its name.

The cell is packaged and uploaded with CreateFunction, or UpdateFunctionCode when the function is
there and the cell has changed. Call the handle with an event: NAME({"key": "value"}).
"""
EPILOG = """\
The handler is the function `handler` or `lambda_handler` of the cell (Python, Ruby), the export
`handler` (Node.js), the class (Java), `main` (Go). Settings that are left out have Lambda's
defaults; when a cell runs again they go back to them.
"""


_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")


class Parser(argparse.ArgumentParser):
    """An argument parser that raises short notebook errors."""

    def error(self, message: str) -> NoReturn:
        """Raise a usage error, with a suggestion if an option is similar."""
        hint = ""
        unknown = [word for word in message.split() if word.startswith("--")]
        if "unrecognized" in message and unknown:
            known = [option for action in self._actions for option in action.option_strings]
            near = difflib.get_close_matches(unknown[0].split("=")[0], known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"{self.prog}: {message}{hint} ({self.prog} --help lists the options)")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Called after ``--help`` was printed."""
        raise HelpShown


class HelpShown(Exception):  # noqa: N818  # not an error
    """The help was printed; there is nothing more to do."""


def pair(text: str) -> tuple[str, str]:
    """Split ``KEY=VALUE``; Lambda must allow the key."""
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    if not _KEY.fullmatch(key):
        raise argparse.ArgumentTypeError(
            f"{key!r} is no name that Lambda takes: it needs two or more letters, digits and _, "
            "the first a letter"
        )
    return key, value


def cell_parser(name_first: bool = True) -> Parser:
    """The parser for a ``%%lambda`` line.

    Options that may be repeated also take several values, but only if the function's name comes
    first. Otherwise they could take the name as a value.
    """
    several: dict[str, Any] = (
        {"action": "extend", "nargs": "+"} if name_first else {"action": "append"}
    )
    several["default"] = []
    origins: dict[str, Any] = {"nargs": "*"} if name_first else {"action": "append"}
    optional: dict[str, Any] = {"nargs": "?", "const": "1"} if name_first else {}
    parser = Parser(
        prog="%%lambda",
        usage="%%%%lambda NAME [OPTIONS]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("name", metavar="NAME", help="the function's name")
    add("--memory", type=int, default=128, metavar="MB", help="128 to 10240 (default 128)")
    add("--timeout", type=int, default=3, metavar="S", help="1 to 900 seconds (default 3)")
    add("--runtime", metavar="ID", help="python3.12, nodejs22.x, ruby3.3, java21, provided.al2023")
    add("--handler", metavar="FILE.NAME", help="found in the cell if left out")
    add("--env", type=pair, metavar="KEY=VALUE", help="environment variables", **several)
    add("--layer", metavar="ARN", help="of a layer version, up to five", **several)
    add("--role", metavar="ARN", help="the execution role; needed on AWS")
    add("--description", default="", help="text")
    add("--arch", choices=("x86_64", "arm64"), default="x86_64", help="default x86_64")
    add("--ephemeral-storage", type=int, default=512, metavar="MB", help="of /tmp (default 512)")
    add("--mount", metavar="NAME:/mnt/PATH", help="a file system that functions share (EFS)")
    add("--log-format", choices=("Text", "JSON"), default="Text", help="default Text")
    add("--file", metavar="PATH", help="files or folders to package", **several)
    add(
        "--include",
        metavar="NAME",
        help="functions or classes defined in this notebook that the cell uses",
        **several,
    )
    add(
        "--requirements",
        nargs="+",
        default=[],
        metavar="PACKAGE",
        help="packages of pip or uv, npm, gem or Go by name, or requirements.txt, package.json, "
        "Gemfile, go.mod: a layer, installed once (Go: compiled in)",
    )
    add("--reserved", type=int, metavar="N", help="reserved concurrency")
    add("--publish", action="store_true", help="publish a version")
    add("--alias", metavar="NAME", help="publish, and point this alias at the version")
    add("--on", metavar="SOURCE", help=f"what invokes it: {FORMS}", **several)
    add("--url", action="store_true", help="give it a function URL")
    add(
        "--http",
        metavar="ROUTE",
        help=f"HTTP requests that it answers: {FORMS_OF_ROUTES}",
        **several,
    )
    add(
        "--api",
        metavar="NAME",
        help=f"the HTTP API of its routes, made if it is not there (default {API})",
    )
    add(
        "--cors",
        metavar="ORIGIN",
        help="let pages of other origins call the API; without an origin, all pages",
        **origins,
    )
    add(
        "--edge",
        metavar="EVENT",
        choices=EVENTS,
        help=f"run it at the edge, at an event of a distribution: {', '.join(EVENTS)}",
    )
    add("--distribution", metavar="NAME", help="the CloudFront distribution of --edge, or its id")
    add(
        "--path",
        metavar="PATTERN",
        help="its behaviour, made if it is not there (default: the default one, '*')",
        **several,
    )
    add(
        "--event",
        metavar="EVENT",
        help="invoke it with this event after each deploy; EVENT => RESULT compares what comes "
        f"back, EVENT => KeyError the error. {event_line.FORMS}",
        **several,
    )
    add("--no-test", action="store_true", help="do not run the tests of --test cells this time")
    add(
        "--test",
        action="store_true",
        help="this cell has tests: Python of the notebook with asserts or functions test_...; they "
        "run now and after each deploy. An empty cell forgets them",
    )
    add(
        "--debug",
        type=asking.port,
        metavar="PORT",
        help="run it under a debugger that stops at breakpoints in this cell; the timeout waits",
        **optional,
    )
    add("--include-body", action="store_true", help="with --edge: let it see bodies of requests")
    return parser


def parse_cell(line: str) -> argparse.Namespace:
    """Read a ``%%lambda`` line.

    Raises
    ------
    UsageError
        The line is not valid; the message says why and where to find help.
    HelpShown
        The line has ``--help``.
    """
    if not line.strip():
        raise UsageError("%%lambda needs a name: %%lambda hello --memory 256")
    words = split(event_line.quoted(line))
    name_first = words[0] in ("-h", "--help") or not words[0].startswith("-")
    options = cell_parser(name_first).parse_args(words)
    if options.test:
        _only_tests(options)
    return options


def _only_tests(options: argparse.Namespace) -> None:
    usual = vars(cell_parser().parse_args([options.name, "--test"]))
    given = [name for name, value in vars(options).items() if value != usual[name]]
    if given:
        raise UsageError(
            f"%%lambda {options.name} --test: a cell with tests has no other options; put "
            f"--{given[0].replace('_', '-')} into the cell of the function"
        )


def parser_of(command: str, description: str) -> Parser:
    """The parser for a command of ``%lambda``."""
    return Parser(
        prog=f"%lambda {command}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def split(line: str) -> list[str]:
    """The words of a magic's line, as a shell would split them."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"cannot read the line {line!r}: {error}") from None
