"""Install a function's packages into a layer directory, with its language's own tool."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lambda_nb.notebook.errors import NotebookError
from lambda_nb.projects.building import packages, tools
from lambda_nb.projects.errors import ProjectError
from lambda_nb.rules.settings.runtimes import numbers

_PACKED = (".whl", ".tgz", ".tar.gz", ".zip", ".gem")


@dataclass(frozen=True)
class Wanted:
    """Packages to install, by name or in files, and their target."""

    items: Sequence[str]
    runtime: str
    architecture: str
    on_aws: bool

    def file(self, name: str) -> Path | None:
        """The requirements file among the items, if there is one.

        Raises
        ------
        NotebookError
            There are several files, or one is for another language.
        """
        files = [Path(item) for item in self.items if _is_list(item)]
        wrong = [file for file in files if file.name != name]
        if wrong or len(files) > 1:
            raise NotebookError(
                f"--requirements {' '.join(self.items)}: for {self.runtime} give one {name}, or "
                "packages by name"
            )
        return files[0] if files else None

    @property
    def names(self) -> list[str]:
        """The packages, by name or by path."""
        found = [item for item in self.items if not _is_list(item)]
        return [str(Path(item).resolve()) if Path(item).exists() else item for item in found]

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Turn the failure of a tool into a :class:`NotebookError` with its last output."""
        try:
            yield
        except tools.ToolError as error:
            raise NotebookError(
                f"--requirements {' '.join(self.items)}: cannot install:\n{error.said}"
            ) from None
        except ProjectError as error:
            raise NotebookError(str(error)) from None


def _is_list(item: str) -> bool:
    """Whether an item is a file that lists packages, not a package."""
    return Path(item).is_file() and not item.endswith(_PACKED)


def python(wanted: Wanted, layer: Path) -> None:
    """Install with uv if it is on PATH, else with pip."""
    arguments: list[str] = []
    for item in wanted.items:
        arguments += ["-r", item] if _is_list(item) else [item]
    with wanted.errors():
        packages.python(
            arguments,
            layer / "python",
            Path.cwd(),
            "--requirements",
            runtime=wanted.runtime,
            architecture=wanted.architecture,
            at_aws=wanted.on_aws,
        )


def nodejs(wanted: Wanted, layer: Path) -> None:
    """Install with npm: from a package.json (exactly its lock file, if any), and by name."""
    target = layer / "nodejs"
    target.mkdir()
    with wanted.errors():
        packages.nodejs(
            target,
            "--requirements",
            manifest=wanted.file("package.json"),
            names=wanted.names,
            architecture=wanted.architecture,
            at_aws=wanted.on_aws,
        )


def ruby(wanted: Wanted, layer: Path) -> None:
    """Install a Gemfile with Bundler, and named packages with gem."""
    target = layer / "ruby" / "gems" / "{}.{}.0".format(*numbers(wanted.runtime))
    target.parent.mkdir(parents=True)
    manifest = wanted.file("Gemfile")
    with wanted.errors():
        if manifest is not None:
            bundled = layer / "bundle"
            bundled.mkdir()
            packages.bundle(manifest, bundled, "--requirements")
            for installed in (bundled / "ruby").glob("*"):
                installed.rename(target)
            shutil.rmtree(bundled)
        if wanted.names:
            gem = tools.tool("gem", "--requirements")
            command = [gem, "install", "--no-document", "--install-dir", str(target)]
            names = [name.replace("@", ":") for name in wanted.names]
            tools.run([*command, *names], layer, "--requirements")
    shutil.rmtree(target / "cache", ignore_errors=True)


INSTALLERS: dict[str, Callable[[Wanted, Path], None]] = {
    "python": python,
    "nodejs": nodejs,
    "ruby": ruby,
}
"""The installer of each runtime family."""
