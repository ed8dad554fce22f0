"""Install packages with each language's own tool, into a folder given.

Notebooks (``%%lambda --requirements``) and projects (``lambda-nb deploy``) share it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lambda_nb.projects.building.tools import run, tool

_PLATFORMS = {"x86_64": "manylinux2014_x86_64", "arm64": "manylinux2014_aarch64"}


def default_runtime() -> str:
    """The Python that runs this process, as a runtime identifier."""
    return f"python{sys.version_info[0]}.{sys.version_info[1]}"


def python(
    arguments: Sequence[str],
    target: Path,
    folder: Path,
    what: str,
    *,
    runtime: str,
    architecture: str,
    at_aws: bool,
) -> None:
    """Install for a Python runtime with uv if it is on PATH, else with pip.

    Parameters
    ----------
    arguments
        Requirements as the tools take them: ``-r FILE``, names.
    folder
        Where relative paths in them begin.
    at_aws
        Whether it is for AWS's machines. Then, and for another Python, only wheels work.
    """
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable]
    else:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
        command += ["--disable-pip-version-check"]
    command += ["--target", str(target)]
    if at_aws or runtime != default_runtime():
        platform = _PLATFORMS[architecture]
        machine = platform.removeprefix("manylinux2014_")
        command += ["--python-version", runtime.removeprefix("python"), "--only-binary=:all:"]
        # uv's form has the machine first.
        command += ["--python-platform", f"{machine}-manylinux2014"] if uv else []
        command += [] if uv else ["--platform", platform]
    run([*command, *arguments], folder, what)


def nodejs(
    target: Path,
    what: str,
    *,
    manifest: Path | None = None,
    names: Sequence[str] = (),
    architecture: str,
    at_aws: bool,
    development: bool = False,
) -> None:
    """Install ``node_modules`` with npm: from a package.json, exactly its lock file, and by name.

    Parameters
    ----------
    target
        Gets ``node_modules`` and the package.json.
    development
        Whether development dependencies are installed too.
    """
    npm = tool("npm", what)
    lock = None if manifest is None else lock_of(manifest)
    project: dict[str, Any] = {"private": True}
    if manifest is not None:
        project = json.loads(manifest.read_text())
        for kind in ("dependencies", "devDependencies", "optionalDependencies"):
            _absolute(project.get(kind, {}), manifest.resolve().parent)
        npmrc = manifest.with_name(".npmrc")
        if npmrc.is_file():
            shutil.copy2(npmrc, target / ".npmrc")
    (target / "package.json").write_text(json.dumps(project))
    # Copy local packages: a link would point outside the target.
    flags = ["--no-audit", "--no-fund", "--install-links", "--loglevel=error"]
    flags += [] if development else ["--omit=dev"]
    if at_aws:
        flags += ["--os=linux", f"--cpu={'arm64' if architecture == 'arm64' else 'x64'}"]
    if manifest is not None and lock is not None:
        shutil.copy2(manifest, target / "package.json")
        shutil.copy2(lock, target / "package-lock.json")
        run([npm, "ci", *flags], target, what)
    if lock is None or names:
        run([npm, "install", "--no-package-lock", *flags, *names], target, what)
    for left in ("package-lock.json", ".npmrc", "node_modules/.package-lock.json"):
        (target / left).unlink(missing_ok=True)


def _absolute(dependencies: dict[str, str], folder: Path) -> None:
    for name, place in dependencies.items():
        if place.startswith("file:"):
            dependencies[name] = f"file:{(folder / place[5:]).resolve()}"


def bundle(manifest: Path, target: Path, what: str) -> None:
    """Install a Gemfile with Bundler, so that ``target`` has ``ruby/VERSION/gems``."""
    program = tool("bundle", what)
    project = target / ".project"
    project.mkdir()
    for file in (manifest, lock_of(manifest)):
        if file is not None:
            shutil.copy2(file, project / file.name)
    environment = {
        "BUNDLE_GEMFILE": str(project / "Gemfile"),
        "BUNDLE_APP_CONFIG": str(project / ".bundle"),
        "BUNDLE_PATH": str(target),
        "BUNDLE_WITHOUT": "development:test",
    }
    run([program, "install", "--quiet"], project, what, environment)
    shutil.rmtree(project)
    for installed in target.glob("ruby/*/cache"):
        shutil.rmtree(installed)


_LOCKS = {"package.json": "package-lock.json", "Gemfile": "Gemfile.lock"}


def lock_of(file: Path) -> Path | None:
    """The lock file next to a requirements file, if there is one."""
    lock = file.with_name(_LOCKS[file.name]) if file.name in _LOCKS else None
    return lock if lock is not None and lock.is_file() else None
