"""Finds the language runtimes of this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from glob import glob
from pathlib import Path
from typing import Literal, NamedTuple

from lambda_nb.engine.execution.runtimes.builds import cache_dir
from lambda_nb.rules.settings import runtimes
from lambda_nb.rules.settings.runtimes import Numbers

Fallback = Literal["none", "nearest"]
"""What to do with a function whose language version is not here: refuse it, or run it with the
nearest version that is."""

_PYTHON_PLACES = (
    "{installed}/cpython-{v}.*/bin/python{v}",
    "~/.pyenv/versions/{v}.*/bin/python{v}",
    "~/.local/share/uv/python/cpython-{v}.*/bin/python{v}",
    "/opt/python/{v}*/bin/python{v}",
    "/opt/hostedtoolcache/Python/{v}.*/x64/bin/python{v}",
    "/usr/local/bin/python{v}",
    "/usr/bin/python{v}",
)


PATHS = ("/usr/local/bin", "/usr/bin")
"""Where to look for programs in addition to PATH."""


class Language(NamedTuple):
    """How to find a language's program: its name, and where versions are that PATH lacks."""

    title: str
    program: str
    flag: str
    places: tuple[str, ...]


LANGUAGES = {
    "nodejs": Language("Node.js", "node", "--version", ("~/.nvm/versions/node/v*/bin/node",)),
    "ruby": Language("Ruby", "ruby", "--version", ("~/.rbenv/versions/*/bin/ruby",)),
    "java": Language(
        "Java",
        "java",
        "-version",
        ("/usr/lib/jvm/*/bin/java", "~/.sdkman/candidates/java/*/bin/java"),
    ),
}
"""The managed runtimes that run here, other than Python's."""


class Program(NamedTuple):
    """An interpreter, its full version, and a note if it is not the one asked for."""

    path: str
    version: str
    note: str = ""


class NotHereError(Exception):
    """There is no program for a runtime; says what there is and what to do."""


def choose(runtime: str, fallback: Fallback = "none") -> Program:
    """The program that runs a managed runtime on this machine.

    Parameters
    ----------
    runtime
        An identifier: ``python3.12``, ``nodejs22.x``.
    fallback
        Whether the nearest version may run it if the right one is missing.

    Raises
    ------
    NotHereError
        When there is none, or it is not the right one.
    """
    wanted = runtimes.numbers(runtime)
    family = next(one for one in ("python", *LANGUAGES) if runtime.startswith(one))
    if family == "python":
        exact = python(_dotted(wanted))
        if exact is not None:
            return Program(exact, _dotted(wanted))
    title = title_of(family)
    here = versions(family)
    if wanted in here:
        return here[wanted]
    name = f"{title} {_dotted(wanted)}"
    found = runtimes.nearest(wanted, here) if fallback == "nearest" else None
    if found is None:
        others = ", ".join(_identifier(family, one) for one in sorted(here)) or "none"
        raise NotHereError(
            f"there is no {name} on this machine. {remedy(runtime)}, choose one that is here "
            f"({others}), or start the engine with --runtime-fallback nearest."
        )
    path, version, _ = here[found]
    note = f"{runtime} runs on {title} {version}: there is no {name} on this machine"
    return Program(path, version, f"{note}. {remedy(runtime)}.")


def remedy(runtime: str) -> str:
    """How to get the right program of a runtime."""
    name = _dotted(runtimes.numbers(runtime))
    if runtime.startswith("python"):
        return f"Install it: lambda-nb runtimes install python{name}"
    family = next(one for one in LANGUAGES if runtime.startswith(one))
    return f"Install {title_of(family)} {name} and put it on PATH"


def _identifier(family: str, version: Numbers) -> str:
    return f"{family}{_dotted(version)}{'.x' if family == 'nodejs' else ''}"


def _dotted(version: Numbers) -> str:
    return ".".join(map(str, version))


def title_of(family: str) -> str:
    """A family's name as people write it."""
    return "Python" if family == "python" else LANGUAGES[family].title


def versions(family: str) -> dict[Numbers, Program]:
    """Every version of a managed family that is here, and its program."""
    if family == "python":
        return {
            tuple(map(int, version.split("."))): Program(path, version)
            for version, path in pythons().items()
        }
    found: dict[Numbers, Program] = {}
    for path, version in _programs(*LANGUAGES[family][1:]):
        found.setdefault(_numbers(family, version), Program(path, version))
    return found


def _numbers(family: str, version: str) -> Numbers:
    parts = [int(part) for part in version.split(".")]
    if family == "java" and parts[0] == 1:  # 1.8.0 is Java 8
        parts = parts[1:]
    return tuple(parts[: 2 if family == "ruby" else 1])


def installed_dir() -> Path:
    """Where ``lambda-nb runtimes install`` puts Pythons."""
    return cache_dir() / "pythons"


@cache
def own_python() -> str:
    """The interpreter below the engine's virtual environment."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    return os.path.realpath(base)


_pythons: dict[str, str] = {}
_found: set[str] = set()


def python(version: str) -> str | None:
    """An interpreter of exactly this version (``3.12``), or ``None``.

    A found one is cached; a missing one is searched again, as it may have been installed since.
    """
    if version not in _pythons:
        found = _find_python(version)
        if found is None:
            return None
        _pythons[version] = found
        _found.add(os.path.realpath(found))
    return _pythons[version]


def found() -> set[str]:
    """The real paths of the interpreters found so far: what functions may start."""
    return _found | {own_python()}


def _find_python(version: str) -> str | None:
    if version == "{}.{}".format(*sys.version_info[:2]):
        return own_python()
    candidates = [
        path
        for place in _PYTHON_PLACES
        for path in sorted(
            glob(os.path.expanduser(place.format(v=version, installed=installed_dir()))),
            reverse=True,
        )
    ]
    on_path = shutil.which(f"python{version}")
    if on_path:
        candidates.append(on_path)
    return next((path for path in candidates if _python_version(path) == version), None)


def pythons() -> dict[str, str]:
    """Every Python from 3.8 on that is here: version to interpreter."""
    versions = (f"3.{minor}" for minor in range(8, 16))
    return {version: path for version in versions if (path := python(version)) is not None}


@cache
def _python_version(path: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return _output([path, "-I", "-S", "-c", code]).strip()


@cache
def program(name: str, major: str, flag: str = "--version") -> tuple[str, str] | None:
    """``(path, version)`` of a program, of the major version asked for if several are here."""
    found = _programs(name, flag)
    exact = [one for one in found if one[1].split(".")[0] == major.split(".")[0]]
    return next(iter(exact or found), None)


def _programs(name: str, flag: str, places: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Path and version of every program with a name: on PATH, then in ``places``."""
    folders = (*os.environ.get("PATH", "").split(":"), *PATHS)
    paths = [os.path.join(folder, name) for folder in folders if folder]
    for place in places:
        paths += sorted(glob(os.path.expanduser(place)), reverse=True)
    found: dict[str, tuple[str, str]] = {}
    for path in paths:
        if os.path.isfile(path) and os.access(path, os.X_OK):
            version = _program_version(path, flag)
            if version:
                found.setdefault(os.path.realpath(path), (path, version))
    _found.update(found)
    return list(found.values())


@cache
def _program_version(path: str, flag: str) -> str:
    numbers = re.search(r"\d+(\.\d+)*", _output([path, flag]))
    return numbers[0] if numbers else ""


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=20,
            check=True,
            text=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout
