"""Find out what a path is: a template, a CDK app or its ``cdk.out``, a Chalice app."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lambda_nb.projects.building.tools import run, tool
from lambda_nb.projects.errors import ProjectError
from lambda_nb.projects.kinds import assembly
from lambda_nb.projects.kinds.assembly import Asset
from lambda_nb.projects.templates import reading

_SERVERLESS = ("serverless.yml", "serverless.yaml", "serverless.json", "serverless.ts")

Kind = Literal["template", "assembly", "cdk", "chalice"]


@dataclass(frozen=True)
class Project:
    """What is deployed. ``root`` is the template, the ``cdk.out`` or the app's folder.

    ``home`` is the folder that was named, where samconfig.toml there names a template elsewhere.
    """

    kind: Kind
    root: Path
    home: Path | None = None

    @property
    def folder(self) -> Path:
        """The project's folder: it has samconfig.toml, and gives the stack its name."""
        if self.home is not None:
            return self.home
        return self.root.parent if self.root.is_file() else self.root


@dataclass(frozen=True)
class StackSource:
    """One stack of a project: its template, and what the project itself says about it."""

    template: Path
    name: str = ""
    region: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    assets: tuple[Asset, ...] = ()


def find(path: Path, template: str = "") -> Project:
    """The project at a path.

    Parameters
    ----------
    template
        What samconfig.toml in a folder names as the template, from this folder.

    Raises
    ------
    ProjectError
        There is none, or it is one of the Serverless Framework.
    """
    path = path.expanduser().resolve()
    if path.is_file():
        if path.name in _SERVERLESS:
            raise _serverless(path)
        if path.name == "manifest.json" and assembly.is_assembly(path.parent):
            return Project("assembly", path.parent)
        return Project("template", path)
    if not path.is_dir():
        raise ProjectError(f"there is no file or folder {path}")
    if assembly.is_assembly(path):
        return Project("assembly", path)
    if (path / "cdk.json").is_file():
        return Project("cdk", path)
    if (path / ".chalice" / "config.json").is_file():
        return Project("chalice", path)
    if template:
        configured = (path / template).resolve()
        if not configured.is_file():
            raise ProjectError(
                f"samconfig.toml of {path} names the template {template}, which is not there; name "
                "the one that you mean instead of the folder"
            )
        return Project("template", configured, path)
    for name in reading.NAMES:
        if (path / name).is_file():
            return Project("template", path / name)
    for name in _SERVERLESS:
        if (path / name).is_file():
            raise _serverless(path / name)
    others = [one for one in sorted(path.glob("*.y*ml")) if reading.is_template(one)]
    if len(others) == 1:
        return Project("template", others[0])
    if others:
        named = ", ".join(one.name for one in others)
        raise ProjectError(f"{path} has several templates; name one: {named}")
    raise ProjectError(
        f"{path} has no template.yaml, cdk.json, cdk.out or .chalice: name a template, or a folder "
        "with one of these"
    )


def _serverless(path: Path) -> ProjectError:
    return ProjectError(
        f"{path} is a project of the Serverless Framework: deploy it with its own command, "
        "AWS_ENDPOINT_URL=http://127.0.0.1:4571 serverless deploy"
    )


@contextmanager
def stacks_of(project: Project) -> Iterator[list[StackSource]]:
    """The stacks of a project, in the order in which they are deployed.

    A CDK app is synthesised and a Chalice app packaged first, into a folder that is gone after.
    """
    if project.kind == "template":
        yield [StackSource(project.root)]
    elif project.kind == "assembly":
        yield _of_assembly(project.root)
    else:
        with tempfile.TemporaryDirectory(prefix="lambda-nb-") as place:
            out = Path(place) / "out"
            if project.kind == "cdk":
                yield _of_assembly(_synthesised(project.root, out))
            else:
                program = tool("chalice", str(project.root))
                run([program, "package", str(out)], project.root, str(project.root))
                yield [StackSource(out / "sam.json")]


def _synthesised(app: Path, out: Path) -> Path:
    local = app / "node_modules" / ".bin" / "cdk"
    if not local.exists():
        try:
            program = tool("cdk", str(app))
        except ProjectError:
            if assembly.is_assembly(app / "cdk.out"):
                return app / "cdk.out"
            raise
    else:
        program = str(local)
    run([program, "synth", "--quiet", "--output", str(out)], app, str(app))
    return out


def _of_assembly(folder: Path) -> list[StackSource]:
    return [
        StackSource(
            one.template, one.name, one.region, dict(one.parameters), dict(one.tags), one.assets
        )
        for one in assembly.read(folder)
    ]
