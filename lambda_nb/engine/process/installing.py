"""Fetches what managed runtimes need and this machine lacks: Pythons, and AWS's SDKs.

Each is fetched by the tool of its own ecosystem, from the source set up for that tool.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lambda_nb.engine.execution.runtimes import interpreters, sdks
from lambda_nb.rules.settings import runtimes

Say = Callable[[str], None]
_TAIL = 12
"""Lines of a tool's output that an error shows."""


class InstallError(Exception):
    """Something could not be installed; says why and what to do."""


def python(name: str, mirror: str | None, say: Say) -> Path:
    """Install the newest Python of a version (``python3.14``) with ``uv``; return its interpreter.

    Parameters
    ----------
    name
        The runtime's identifier.
    mirror
        Where to fetch it from instead of uv's default: a URL, also ``file:///...``.
    say
        Called with progress messages.

    Raises
    ------
    InstallError
    """
    version = name.removeprefix("python")
    here = interpreters.python(version)
    if here is not None:
        say(f"{name} is here already: {here}")
        return Path(here)
    target = interpreters.installed_dir()
    target.mkdir(parents=True, exist_ok=True)
    command = [_uv(), "python", "install", version, "--install-dir", str(target), "--no-bin"]
    if mirror is not None:
        command += ["--mirror", mirror]
    say(f"fetching {name} with uv into {target}")
    _run(command, f"{name} could not be fetched. A mirror of it is named with --mirror URL")
    found = interpreters.python(version)
    if found is None:
        raise InstallError(f"uv ended well, but there is no Python {version} below {target}")
    say(f"{name} is {found}")
    return Path(found)


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = shutil.which("uv") or (str(beside) if beside.exists() else None)
    if found is None:
        raise InstallError("uv, which fetches Pythons, is not here. Install it: pip install uv")
    return found


def nodejs_sdk(more: Sequence[str], say: Say) -> Path:
    """Install the SDK for JavaScript with npm; return its ``node_modules``.

    ``more`` names packages of ``@aws-sdk`` beyond :data:`~sdks.NODEJS_CLIENTS`; those of earlier
    calls are kept.

    Raises
    ------
    InstallError
    """
    npm = _tool("npm", "Install Node.js with npm (Debian: apt-get install npm)")
    standard = [f"client-{name}" for name in sdks.NODEJS_CLIENTS] + list(sdks.NODEJS_LIBRARIES)
    names = [name.removeprefix("@aws-sdk/") for name in more]
    packages = {f"@aws-sdk/{name}": "3" for name in [*standard, *_kept("nodejs"), *names]}

    def fetch(target: Path) -> None:
        (target / "package.json").write_text('{"private": true}')
        command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock"]
        command += ["--ignore-scripts", "--loglevel=error", f"--before={sdks.PINNED_ON}"]
        command += [f"{name}@{version}" for name, version in packages.items()]
        _run(command, "npm could not fetch the SDK; it needs the npm registry this once", target)
        for types in target.rglob("dist-types"):
            shutil.rmtree(types)

    return _install("nodejs", packages, names, fetch, say) / "node_modules"


def python_sdk(version: str, more: Sequence[str], say: Say) -> Path:
    """Install the newest boto3 that a Python (``3.9``) can have, with ``uv``; return its folder.

    ``more`` names further packages; those of earlier calls are kept.

    Raises
    ------
    InstallError
    """
    uv, interpreter = _uv(), interpreters.python(version)
    if interpreter is None:
        raise InstallError(
            f"there is no Python {version} here. Fetch it first: "
            f"lambda-nb runtimes install python{version}"
        )
    family = sdks.python(version).name
    packages = dict.fromkeys(["boto3", *_kept(family), *more], "")

    def fetch(target: Path) -> None:
        command = [uv, "pip", "install", "--python", interpreter, "--target", str(target)]
        _run([*command, *packages], "uv could not fetch the SDK; it needs PyPI this once")

    return _install(family, packages, more, fetch, say)


def ruby_sdk(more: Sequence[str], say: Say, source: str | None = None) -> Path:
    """Install the SDK for Ruby with ``gem``, for the Ruby that is here; return its folder.

    Parameters
    ----------
    more
        Gems beyond :data:`~sdks.RUBY_GEMS`; those of earlier calls are kept.
    say
        Called with progress messages.
    source
        Where gems come from instead of the sources set up for ``gem``.

    Raises
    ------
    InstallError
    """
    gem = _tool("gem", "Install Ruby with RubyGems (Debian: apt-get install ruby)")
    rubies = interpreters.versions("ruby")
    if not rubies:
        raise InstallError("there is no ruby on this machine. Install it first")
    own = next(iter(rubies))
    family = "ruby{}.{}".format(*own)
    packages = {**sdks.RUBY_GEMS, **dict.fromkeys([*_kept(family), *more], ">= 0")}

    def fetch(target: Path) -> None:
        command = [gem, "install", "--no-document", "--install-dir", str(target)]
        if source is not None:
            command += ["--clear-sources", "--source", source]
        command += [f"{name}:{version}" for name, version in packages.items()]
        _run(command, "gem could not fetch the SDK; a source of gems is named with --source URL")

    return _install(family, packages, more, fetch, say)


def _install(
    family: str,
    packages: Mapping[str, str],
    more: Sequence[str],
    fetch: Callable[[Path], None],
    say: Say,
) -> Path:
    """Fetch into a folder named after the packages, then point the family's link to it."""
    link = sdks.place(family)
    listing = json.dumps([sdks.PINNED_ON, packages], sort_keys=True)
    target = link.with_name(f"{family}-{hashlib.sha256(listing.encode()).hexdigest()[:16]}")
    if target.is_dir():
        say(f"the SDK is here already: {target}")
    else:
        say(f"fetching {len(packages)} packages of AWS's SDK into {target} (this may take minutes)")
        draft = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
        draft.mkdir(parents=True)
        try:
            fetch(draft)
            kept = sorted({*_kept(family), *more})
            (draft / "lambda-nb.json").write_text(json.dumps(kept))
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        say(f"{family}: {_megabytes(target):.0f} MB in {target}")
    fresh = link.with_name(f"{link.name}.{uuid.uuid4().hex}")
    fresh.symlink_to(target.name)
    fresh.replace(link)
    return link


def _kept(family: str) -> list[str]:
    """What earlier calls asked for with ``--with``."""
    try:
        kept: list[str] = json.loads((sdks.place(family) / "lambda-nb.json").read_text())
    except FileNotFoundError:
        return []
    return kept


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def _tool(name: str, remedy: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise InstallError(f"{name} is not on this machine. {remedy}")
    return found


def _run(command: Sequence[str], failure: str, folder: Path | None = None) -> None:
    """Run a tool and show its output as it comes; an error has the last lines of it."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            sys.stderr.write(line)
            sys.stderr.flush()
    if process.returncode:
        raise InstallError(f"{failure}.\n{''.join(said[-_TAIL:]).strip()}")


def install(
    name: str, *, mirror: str | None, source: str | None, more: Sequence[str], say: Say
) -> None:
    """Install what a name on the command line stands for.

    Raises
    ------
    InstallError
        If it cannot be fetched, or no such thing can be installed.
    """
    if name == "nodejs-sdk":
        nodejs_sdk(more, say)
    elif name == "ruby-sdk":
        ruby_sdk(more, say, source)
    elif old := re.fullmatch(r"python(3\.\d+)-sdk", name):
        python_sdk(old[1], more, say)
    elif re.fullmatch(r"python3\.\d+", name):
        if name not in runtimes.RUNTIMES:
            raise InstallError(f"{name} is no runtime of AWS's")
        python(name, mirror, say)
    else:
        raise InstallError(
            f"{name!r} is nothing that can be installed; there are python3.14 and the like, "
            "nodejs-sdk, ruby-sdk, python3.9-sdk. Node.js, Ruby, Java and Go come from your "
            "system's packages"
        )
