"""The cell magic ``%%cloudfront_function``: a CloudFront Function from a cell of JavaScript."""

from __future__ import annotations

import argparse
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.edge.cells import cloudfront_functions as functions
from lambda_nb.notebook.edge.distribution import url_of
from lambda_nb.notebook.edge.settings import associations, behaviours, distributions
from lambda_nb.notebook.errors import NotebookError, UsageError, aws_errors
from lambda_nb.notebook.magics.options import HelpShown, Parser, split

DESCRIPTION = """\
Turn this cell of JavaScript into a CloudFront Function, test it, publish it, and let it run at a
viewer event of a distribution.

The function is `function handler(event)`. It has no network, no files and less than a millisecond.
"""


def parser() -> Parser:
    """The parser for a ``%%cloudfront_function`` line."""
    made = Parser(
        prog="%%cloudfront_function",
        usage="%%%%cloudfront_function NAME [OPTIONS]",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("name", metavar="NAME", help="the function's name")
    add(
        "--on",
        metavar="EVENT",
        choices=associations.VIEWER_EVENTS,
        default="viewer-request",
        help="viewer-request (default) or viewer-response",
    )
    add("--distribution", metavar="NAME", help="where it runs; without it, it is only published")
    add(
        "--path",
        metavar="PATTERN",
        action="extend",
        nargs="+",
        default=[],
        help="its behaviour, made if it is not there (default: the default one, '*')",
    )
    add("--runtime", choices=functions.RUNTIMES, default=functions.RUNTIMES[0], metavar="ID",
        help=f"default {functions.RUNTIMES[0]}")  # fmt: skip
    add("--store", metavar="NAME", help="a key value store that it reads")
    add("--test", metavar="FILE", help="an event to test it with, or JSON (default: a GET request)")
    return made


def run(session: Session, line: str, cell: str) -> Any:
    """Make or change a CloudFront Function from a cell.

    Raises
    ------
    NotebookError
        The function fails with the test event: it is saved, and not published.
    """
    try:
        options = parser().parse_args(split(line))
    except HelpShown:
        return None
    if not cell.strip():
        raise UsageError(f"%%cloudfront_function {options.name}: the cell is empty")
    paths = options.path or [behaviours.DEFAULT]
    cloudfront = session.client("cloudfront")
    notes: list[str] = []
    with aws_errors():
        found = None
        if options.distribution:
            found = distributions.required(cloudfront, options.distribution)
        event = (
            functions.read_event(options.test, options.on)
            if options.test
            else functions.default_event(
                options.on, paths[0], found["DomainName"] if found else "example.com"
            )
        )
        code = cell.encode()
        what, etag = functions.save(cloudfront, options.name, code, options.runtime, options.store)
        tested = functions.try_it(cloudfront, options.name, etag, event)
        if tested.error:
            said = "\n".join([f"{options.name} fails: {tested.error}", *tested.logs])
            raise NotebookError(f"{said}\nIt is not published. (--test FILE gives another event.)")
        arn = functions.publish(cloudfront, options.name, etag)
        functions.remember(options.name, options.distribution or "")
        if found is not None:

            def edit(config: dict[str, Any]) -> None:
                notes[:] = associations.place(config, "CloudFront", arn, options.on, paths)

            distributions.change(cloudfront, found["Id"], edit)
            where = ", ".join("all paths" if path == "*" else path for path in paths)
            notes.insert(0, f"at {options.on} of {options.distribution}, {where}")
            notes.append(url_of(found["DomainName"], cloudfront))
    return _shown(options.name, what, [options.runtime, display.size(len(code))], tested, notes)


def _shown(
    name: str, what: str, figures: list[str], tested: functions.Tested, notes: list[str]
) -> display.Shown:
    used = f"compute utilisation {tested.utilisation} %"
    text = [" · ".join([name, what, *figures, used, *notes]), f"test: {tested}", *tested.logs]
    told = [
        display.link(note, note) if note.startswith("http") else display.dim(note) for note in notes
    ]
    markup = [
        display.line(
            display.bold(f"ƒ {name}"),
            display.tag(what, "warm" if what == "unchanged" else "ok"),
            *map(display.dim, [*figures, used]),
        ),
        display.line(*told) if told else "",
        display.line(display.dim("test"), display.dim(str(tested))),
        display.folded("console.log", "\n".join(tested.logs)),
    ]
    return display.Shown("\n".join(text), "".join(markup))
