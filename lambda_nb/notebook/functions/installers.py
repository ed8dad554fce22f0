"""Install a function's packages into a layer directory, with its language's own tool."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambda_nb.notebook.connection.undebugged import undebugged
from lambda_nb.notebook.errors import NotebookError
from lambda_nb.notebook.functions.package import default_runtime
from lambda_nb.rules.settings.runtimes import numbers

_PLATFORMS = {"x86_64": "manylinux2014_x86_64", "arm64": "manylinux2014_aarch64"}
_LOCKS = {"package.json": "package-lock.json", "Gemfile": "Gemfile.lock"}
_PACKED = (".whl", ".tgz", ".tar.gz", ".zip", ".gem")
_NOISE = re.compile(r"^npm (ERR!|error)\s*(A complete log.*|.*-debug-\d.*)?$")


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

    def run(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Run a tool. If it fails, raise :class:`NotebookError` with its last output."""
        with undebugged():
            done = subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
            said = "\n".join([line for line in lines if not _NOISE.match(line)][-5:])
            raise NotebookError(f"--requirements {' '.join(self.items)}: cannot install:\n{said}")


def _is_list(item: str) -> bool:
    """Whether an item is a file that lists packages, not a package."""
    return Path(item).is_file() and not item.endswith(_PACKED)


def lock_of(file: Path) -> Path | None:
    """The lock file next to a requirements file, if there is one."""
    lock = file.with_name(_LOCKS[file.name]) if file.name in _LOCKS else None
    return lock if lock is not None and lock.is_file() else None


def python(wanted: Wanted, layer: Path) -> None:
    """Install with uv if it is on PATH, else with pip."""
    target = layer / "python"
    command = _python_installer(target)
    # For another interpreter or machine only prebuilt wheels work.
    if wanted.on_aws or wanted.runtime != default_runtime():
        version = wanted.runtime.removeprefix("python")
        command += ["--python-version", version, "--only-binary=:all:"]
        platform = _PLATFORMS[wanted.architecture]
        uses_uv = "uv" in Path(command[0]).name
        command += ["--python-platform" if uses_uv else "--platform", _uv(platform, uses_uv)]
    for item in wanted.items:
        command += ["-r", item] if _is_list(item) else [item]
    wanted.run(command, Path.cwd())


def _python_installer(target: Path) -> list[str]:
    uv = shutil.which("uv")
    if uv:
        install = [uv, "pip", "install", "--quiet", "--python", sys.executable]
        return [*install, "--target", str(target)]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [*pip, "--no-compile", "--target", str(target)]


def _uv(platform: str, uses_uv: bool) -> str:
    """The platform in uv's form, which has the machine first."""
    machine = platform.removeprefix("manylinux2014_")
    return f"{machine}-manylinux2014" if uses_uv else platform


def nodejs(wanted: Wanted, layer: Path) -> None:
    """Install with npm: from a package.json (exactly its lock file, if any), and by name."""
    npm = _tool("npm")
    target = layer / "nodejs"
    target.mkdir()
    told = wanted.file("package.json")
    lock = None if told is None else lock_of(told)
    project: dict[str, Any] = {"private": True}
    if told is not None:
        project = json.loads(told.read_text())
        _absolute(project.get("dependencies", {}), told.resolve().parent)
    (target / "package.json").write_text(json.dumps(project))
    # Copy local packages: a link would point outside the layer.
    flags = ["--no-audit", "--no-fund", "--omit=dev", "--install-links", "--loglevel=error"]
    if wanted.on_aws:
        cpu = "arm64" if wanted.architecture == "arm64" else "x64"
        flags += ["--os=linux", f"--cpu={cpu}"]
    if told is not None and lock is not None:
        shutil.copy2(told, target / "package.json")
        shutil.copy2(lock, target / "package-lock.json")
        wanted.run([npm, "ci", *flags], target)
    if lock is None or wanted.names:
        wanted.run([npm, "install", "--no-package-lock", *flags, *wanted.names], target)
    (target / "package-lock.json").unlink(missing_ok=True)


def _absolute(dependencies: dict[str, str], folder: Path) -> None:
    for name, place in dependencies.items():
        if place.startswith("file:"):
            dependencies[name] = f"file:{(folder / place[5:]).resolve()}"


def ruby(wanted: Wanted, layer: Path) -> None:
    """Install a Gemfile with Bundler, and named packages with gem."""
    target = layer / "ruby" / "gems" / "{}.{}.0".format(*numbers(wanted.runtime))
    target.parent.mkdir(parents=True)
    told = wanted.file("Gemfile")
    if told is not None:
        bundle = _tool("bundle")
        project = layer / "bundle"
        project.mkdir()
        shutil.copy2(told, project / "Gemfile")
        lock = lock_of(told)
        if lock is not None:
            shutil.copy2(lock, project / "Gemfile.lock")
        environment = {
            "BUNDLE_GEMFILE": str(project / "Gemfile"),
            "BUNDLE_APP_CONFIG": str(project / ".bundle"),
            "BUNDLE_PATH": str(project / "gems"),
            "BUNDLE_WITHOUT": "development:test",
        }
        wanted.run([bundle, "install", "--quiet"], project, environment)
        for installed in (project / "gems" / "ruby").glob("*"):
            installed.rename(target)
        shutil.rmtree(project)
    if wanted.names:
        command = [_tool("gem"), "install", "--no-document", "--install-dir", str(target)]
        wanted.run([*command, *(name.replace("@", ":") for name in wanted.names)], layer)
    shutil.rmtree(target / "cache", ignore_errors=True)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        packages = {"npm": "npm", "gem": "ruby", "bundle": "ruby-bundler"}
        raise NotebookError(
            f"--requirements: {name} is not on this machine (Debian: apt-get install "
            f"{packages[name]})"
        )
    return found


INSTALLERS: dict[str, Callable[[Wanted, Path], None]] = {
    "python": python,
    "nodejs": nodejs,
    "ruby": ruby,
}
"""The installer of each runtime family."""
