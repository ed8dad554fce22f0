"""``%lambda status``, ``connect``, ``start`` and ``stop``: where a notebook's requests go."""

from __future__ import annotations

from collections.abc import Callable

from lambda_nb.notebook import display
from lambda_nb.notebook.connection import connect as connections
from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.errors import aws_errors
from lambda_nb.notebook.kept.runs import words
from lambda_nb.notebook.magics import status as told
from lambda_nb.notebook.magics.options import parser_of, split


def status(session: Session, rest: str) -> display.Shown:
    """Tell where requests go, and what the engine there is doing."""
    parser_of("status", "Where requests go.").parse_args(split(rest))
    with aws_errors():
        engine = session.engine_status()
    rows = told.where(session.connection, session)
    rows += [{"": key, "value": value} for key, value in told.of_engine(engine or {}).items()]
    return display.Shown(display.text_table(rows), display.table(rows))


def connect(
    session: Session, rest: str, beside: Callable[[Connection], tuple[str, str]]
) -> display.Shown:
    """Talk to another endpoint.

    Parameters
    ----------
    session
        The notebook's connection.
    rest
        The line after the command.
    beside
        Tells what of the notebook's functions differs there, before anything is changed.
    """
    parser = parser_of("connect", connections.__doc__ or "")
    parser.add_argument("target", metavar="URL|aws|local")
    parser.add_argument("--profile", metavar="NAME", help="of the AWS configuration")
    parser.add_argument("--region", metavar="REGION")
    parser.add_argument("--credentials", metavar="FILE", help="that an engine issued")
    parser.add_argument("--role", metavar="ARN", help="execution role of functions made here")
    options = vars(parser.parse_args(split(rest)))
    target = options.pop("target")
    differs = "", ""
    if target != "local":
        differs = beside(connections.checked(session, target, **options))
    connection = connections.connect(session, target, **options)
    session.client()
    session.lend_to_traces()
    return _connected(session, connection, *differs)


def start(session: Session, rest: str) -> display.Shown:
    """Start an engine of this notebook's own, afresh."""
    parser = parser_of("start", "Start an engine of this notebook's own, afresh.")
    parser.add_argument("--data-dir", metavar="DIR", help="keep functions there")
    parser.add_argument("--keep", action="store_true", help="let it outlive the kernel")
    parser.add_argument(
        "--keep-alive",
        type=float,
        metavar="S",
        help="seconds that an idle execution environment is kept (default: 600)",
    )
    parser.add_argument(
        "--cpu-share",
        choices=("whole", "proportional"),
        help="CPU time as there is (default), or in proportion to memory as on AWS",
    )
    parser.add_argument(
        "--edge-locations",
        metavar="CODES",
        help="edge locations of CloudFront, such as fra,iad,nrt, as far away as they are",
    )
    options = parser.parse_args(split(rest))
    return _connected(
        session,
        session.start(
            data_dir=options.data_dir,
            keep=options.keep,
            keep_alive=options.keep_alive,
            cpu_share=options.cpu_share,
            edge_locations=options.edge_locations,
        ),
    )


def stop(session: Session, rest: str) -> display.Shown:
    """End this notebook's own engine."""
    parser_of("stop", "End this notebook's own engine.").parse_args(split(rest))
    text = (
        f"the engine has ended; the next cell starts an empty one{_kept(session)}"
        if session.stop()
        else "this notebook has no engine of its own running"
    )
    return display.said(text)


def _connected(
    session: Session, connection: Connection, differs: str = "", shown: str = ""
) -> display.Shown:
    rows = told.where(connection, session)
    text = "\n".join(filter(None, [display.text_table(rows), differs]))
    if connection.is_aws:
        text += "\nFunctions made from here on run on AWS and are paid for."
    return display.Shown(
        text,
        display.table(rows)
        + shown
        + (display.line(display.tag("costs money", "cold")) if connection.is_aws else ""),
    )


def _kept(session: Session) -> str:
    """What a restore would bring back."""
    left = session.runs.left()
    return "" if left is None else f"; %lambda restore brings back {words(left.made)}"
