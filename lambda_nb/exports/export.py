"""Export an application: read it, write it in one format, say in a README what was done."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, cast

from lambda_nb.exports import readme
from lambda_nb.exports.errors import ExportError
from lambda_nb.exports.folder import Folder
from lambda_nb.exports.picture import Application
from lambda_nb.exports.reading import application as reading
from lambda_nb.exports.reading.functions import Known
from lambda_nb.exports.shared import Files
from lambda_nb.projects.endpoint import Clients

Format = Literal["sam", "cdk", "terraform", "zip"]
FORMATS: tuple[Format, ...] = ("sam", "cdk", "terraform", "zip")
_PROJECTS = {
    "sam": "sam.project",
    "cdk": "cdk.project",
    "terraform": "terraform.project",
    "zip": "zips.project",
}


class Writer(Protocol):
    """Writes an application in one format."""

    def files(self, application: Application) -> Files:
        """All files of the project but its README."""

    def steps(self, application: Application) -> list[str]:
        """The commands that deploy it."""


@dataclass(frozen=True)
class Exported:
    """What was written: the folder, its files, the picture, and the commands that deploy it."""

    folder: Path
    files: list[str]
    application: Application
    steps: list[str]


def export(
    clients: Clients,
    form: Format,
    names: Sequence[str],
    folder: Path,
    known: Mapping[str, Known] | None = None,
) -> Exported:
    """Write functions, with all that belongs to them, as a project.

    Parameters
    ----------
    clients
        Of the endpoint where they are: an engine or AWS.
    form
        One of :data:`FORMATS`.
    names
        The names of the functions.
    folder
        Where the project goes: a new or empty folder, or that of an earlier export, of which
        nothing stays that this one has not. What else is in it is the user's and stays.
    known
        What the caller knows of functions, by name.

    Raises
    ------
    ExportError
        A function is not there, the endpoint refuses a question, the folder is not to be used, or
        the user has changed what would be overwritten.
    """
    if form not in FORMATS:
        raise ExportError(f"there is no format {form!r}; there are {', '.join(FORMATS)}")
    folder = folder.expanduser()
    place = Folder(folder)
    application = reading.read(clients, names, _name(folder), known)
    writer = cast(Writer, importlib.import_module(f"lambda_nb.exports.{_PROJECTS[form]}"))
    files = writer.files(application)
    steps = writer.steps(application)
    files[readme.NAME] = readme.text(application, form, steps).encode()
    try:
        application.notes += place.write(files)
    except OSError as error:
        raise ExportError(f"cannot write to {folder}: {error.strerror or error}") from error
    return Exported(folder, sorted(files), application, steps)


def _name(folder: Path) -> str:
    """The application's name, from the folder's."""
    plain = "".join(one if one.isalnum() else "-" for one in folder.resolve().name.lower())
    name = "-".join(word for word in plain.split("-") if word)
    return name if name[:1].isalpha() else f"app-{name}".rstrip("-")
