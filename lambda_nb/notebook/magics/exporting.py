"""``%lambda export`` and ``%lambda diff``: the notebook's functions as files, or beside others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from lambda_nb.exports.differences import Difference, differences
from lambda_nb.exports.errors import ExportError
from lambda_nb.exports.export import FORMATS, export
from lambda_nb.exports.reading.functions import Known
from lambda_nb.notebook import display
from lambda_nb.notebook.connection import connect as connections
from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.magics.options import HelpShown, parse_cell, parser_of, split

_MOST = 200
"""Functions of a table."""


class Exporting:
    """Exports and compares the functions of one notebook.

    Parameters
    ----------
    session
        The notebook's connection.
    namespace
        Its variables, for handles.
    """

    def __init__(self, session: Session, namespace: MutableMapping[str, Any]) -> None:
        self._session = session
        self._namespace = namespace

    def export(self, rest: str) -> display.Shown:
        """Run ``%lambda export``; the cell shows the return value.

        Raises
        ------
        NotebookError
            There is nothing to export, or nowhere to write it.
        """
        parser = parser_of(
            "export", "Write functions, with all that belongs to them, as a project for AWS."
        )
        parser.add_argument("format", metavar="FORMAT", choices=FORMATS, help=", ".join(FORMATS))
        parser.add_argument("names", metavar="NAME", nargs="*", help="default: this notebook's")
        parser.add_argument("--to", metavar="DIR", required=True, help="a new or empty folder")
        options = parser.parse_args(split(rest))
        with _errors():
            exported = export(
                self._session,
                options.format,
                options.names or self._names("export"),
                Path(options.to),
                self._known(),
            )
        rows = [
            {
                "function": one.name,
                "invoked by": ", ".join(dict.fromkeys(t.kind for t in one.triggers)) or "-",
                "rights from": {"calls": "its calls", "role": "its role"}.get(
                    one.rights_from, "nothing"
                ),
            }
            for one in exported.application.functions
        ]
        head = f"{len(exported.files)} files in {exported.folder}"
        steps = "\n".join([f"cd {exported.folder}", *exported.steps])
        notes = list(dict.fromkeys(exported.application.notes))
        text = "\n".join([head, display.text_table(rows), steps, *notes])
        markup = [display.line(display.bold(head)), display.table(rows), display.code(steps)]
        markup += [display.line(display.dim(note)) for note in notes]
        return display.Shown(text, "".join(markup))

    def diff(self, rest: str) -> display.Shown:
        """Run ``%lambda diff``.

        Raises
        ------
        NotebookError
            The other endpoint does not answer.
        """
        parser = parser_of("diff", "What differs between these functions and those elsewhere.")
        parser.add_argument("names", metavar="NAME", nargs="*", help="default: this notebook's")
        parser.add_argument("--to", metavar="URL|aws", default="aws", help="default: aws")
        parser.add_argument("--profile", metavar="NAME", help="of the AWS configuration")
        parser.add_argument("--region", metavar="REGION")
        parser.add_argument("--credentials", metavar="FILE", help="that an engine issued")
        options = vars(parser.parse_args(split(rest)))
        names = options.pop("names")
        other = connections.checked(self._session, options.pop("to"), **options)
        with _errors():
            found = differences(
                self._session, _At(other), names or self._names("diff"), everything=not names
            )
        return display.Shown(*table(found, other))

    def beside(self, other: Connection) -> tuple[str, str]:
        """What differs at an endpoint that the notebook is about to go to: text and HTML.

        Both are empty where that cannot be told.
        """
        if self._session.current_client() is None or self._session.lost_engine:
            return "", ""
        with contextlib.suppress(ExportError, NotebookError):
            names = [one for one in self._handles() if self._is_there(one)]
            if names:
                return table(differences(self._session, _At(other), names), other)
        return "", ""

    def _is_there(self, name: str) -> bool:
        from lambda_nb.notebook.functions.deploy import exists

        return exists(self._session.client(), name)

    def _handles(self) -> dict[str, Function]:
        """The functions that the notebook has handles of, by name."""
        return {
            value.name: value
            for value in self._namespace.values()
            if isinstance(value, Function) and value.stands_for(value.name, self._session)
        }

    def _names(self, command: str) -> list[str]:
        names = sorted(self._handles())
        if not names:
            raise UsageError(
                f"%lambda {command}: this notebook has no functions yet; run a %%lambda cell, or "
                "name functions that are there (%lambda ls lists them)"
            )
        return names

    def _known(self) -> dict[str, Known]:
        return {
            name: _known(handle.cell.source.partition("\n")[0])
            for name, handle in self._handles().items()
            if handle.cell is not None
        }


class _At:
    """Clients for another endpoint than the session's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._made: dict[str, Any] = {}

    def client(self, service: str = "lambda") -> Any:
        """The client for a service, made once."""
        if service not in self._made:
            self._made[service] = Session.new_client(service, self._connection)
        return self._made[service]


def table(found: Sequence[Difference], other: Connection) -> tuple[str, str]:
    """Differences as a table, in text and in HTML."""
    where = other.url or f"AWS, account {other.account}, {other.region}"
    rows = []
    for one in found[:_MOST]:
        settings = [f"{key}: {_change(*values)}" for key, values in one.settings.items()]
        rows.append({"function": one.name, "": one.what, "here -> there": "; ".join(settings)})
    head = f"beside {where}"
    if len(found) > _MOST:
        head += f": the first {_MOST} of {len(found)} functions"
    markup = display.line(display.bold(head)) + display.table(rows)
    return f"{head}\n{display.text_table(rows)}", markup


def _change(here: str, there: str) -> str:
    return f"{here} -> {there or 'none'}" if here != "another value" else here


def _known(line: str) -> Known:
    """What a cell's first line says of its packages."""
    try:
        items: Sequence[str] = parse_cell(line.removeprefix("%%lambda").strip()).requirements
    except (UsageError, HelpShown):
        return Known()
    files: dict[str, bytes] = {}
    names = []
    for item in items:
        path = Path(item).expanduser()
        if path.is_file():
            files[path.name] = path.read_bytes()
        else:
            names.append(item)
    return Known(names or list(files), _files(files, names))


def _files(files: Mapping[str, bytes], names: Sequence[str]) -> dict[str, bytes]:
    """Files of requirements, with what was named beside them."""
    if not names or "requirements.txt" not in files:
        return dict(files)
    text = files["requirements.txt"].rstrip() + b"\n" + "\n".join(names).encode() + b"\n"
    return {**files, "requirements.txt": text}


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except ExportError as error:
        raise NotebookError(str(error)) from None
