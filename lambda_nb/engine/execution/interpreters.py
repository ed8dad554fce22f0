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

_PYTHON_PLACES = (
    "~/.pyenv/versions/{v}.*/bin/python{v}",
    "~/.local/share/uv/python/cpython-{v}.*/bin/python{v}",
    "/opt/python/{v}*/bin/python{v}",
    "/opt/hostedtoolcache/Python/{v}.*/x64/bin/python{v}",
    "/usr/local/bin/python{v}",
    "/usr/bin/python{v}",
)


@cache
def own_python() -> str:
    """The interpreter below the engine's virtual environment."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    return os.path.realpath(base)


@cache
def python(version: str) -> str | None:
    """An interpreter of exactly this version (``3.12``), or ``None``."""
    if version == "{}.{}".format(*sys.version_info[:2]):
        return own_python()
    candidates = [
        path
        for place in _PYTHON_PLACES
        for path in sorted(glob(os.path.expanduser(place.format(v=version))), reverse=True)
    ]
    on_path = shutil.which(f"python{version}")
    if on_path:
        candidates.append(on_path)
    return next((path for path in candidates if _python_version(path) == version), None)


def pythons() -> dict[str, str]:
    """Every Python from 3.8 on that is here: version to interpreter."""
    versions = (f"3.{minor}" for minor in range(8, 16))
    return {version: path for version in versions if (path := python(version)) is not None}


def _python_version(path: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return _output([path, "-I", "-S", "-c", code]).strip()


@cache
def program(name: str, major: str, flag: str = "--version") -> tuple[str, str] | None:
    """``(path, version)`` of a program, of the major version asked for if several are here."""
    found: list[tuple[str, str]] = []
    for place in (*os.environ.get("PATH", "").split(":"), "/usr/local/bin", "/usr/bin"):
        path = Path(place) / name
        if path.is_file() and os.access(path, os.X_OK) and str(path) not in dict(found):
            numbers = re.search(r"\d+(\.\d+)*", _output([str(path), flag]))
            if numbers:
                found.append((str(path), numbers[0]))
    exact = [one for one in found if one[1].split(".")[0] == major.split(".")[0]]
    return next(iter(exact or found), None)


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
