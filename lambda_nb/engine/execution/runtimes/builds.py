"""Compiles Go and Java sources, and our Java runtime.

Results are kept in the user's cache directory under the hash of all inputs, so that a source is
compiled only once.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

_LONGEST_S = 300


class BuildError(Exception):
    """Compiling failed; carries the compiler's messages."""


def cache_dir() -> Path:
    """Where results are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "lambda_nb"


def go_binary(go: str, sources: Path, module: Path) -> Path:
    """Build the Go program in ``sources`` with our ``aws-lambda-go`` instead of AWS's module.

    Raises
    ------
    BuildError
        With the compiler's messages.
    """

    def build(target: Path) -> None:
        workspace = target / "src"
        shutil.copytree(sources, workspace)
        go_mod = workspace / "go.mod"
        if not go_mod.exists():
            go_mod.write_text("module function\n\ngo 1.18\n")
        place = f"github.com/aws/aws-lambda-go@v0.0.0={module}"
        _run([go, "mod", "edit", "-require=github.com/aws/aws-lambda-go@v0.0.0"], workspace)
        _run([go, "mod", "edit", f"-replace={place}"], workspace)
        flags = ["-trimpath", "-ldflags=-s -w", "-tags=lambda.norpc"]
        environment = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"}
        _run([go, "build", *flags, "-o", str(target / "bootstrap"), "."], workspace, environment)
        shutil.rmtree(workspace)

    return _once("go", [go], (sources, module), build) / "bootstrap"


def java_runtime(javac: str, sources: Path) -> Path:
    """Compile our Java runtime; returns the directory of its classes."""

    def build(target: Path) -> None:
        _run([javac, "-nowarn", "-d", str(target), *_java_files(sources)], sources)

    return _once("java-runtime", [javac], (sources,), build)


def java_classes(javac: str, sources: Path, class_path: str) -> Path:
    """Compile a function's Java sources; returns the directory of its classes.

    Raises
    ------
    BuildError
        With the compiler's messages.
    """

    def build(target: Path) -> None:
        command = [javac, "-nowarn", "-parameters", "-cp", class_path, "-d", str(target)]
        _run([*command, *_java_files(sources)], sources)

    return _once("java", [javac, class_path], (sources,), build)


def _java_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.java"))


def _once(
    kind: str, words: Iterable[str], folders: Iterable[Path], build: Callable[[Path], None]
) -> Path:
    digest = hashlib.sha256("\n".join(words).encode())
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(folder)}\n".encode())
                digest.update(path.read_bytes())
    target = cache_dir() / kind / digest.hexdigest()[:32]
    with _alone(target):
        if not target.is_dir():
            draft = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
            draft.mkdir()
            try:
                build(draft)
                draft.rename(target)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return target


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Hold a lock, so that a source is not compiled twice at the same time."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        raise BuildError(f"{command[0]} took longer than {_LONGEST_S} s") from None
    if done.returncode:
        raise BuildError(f"{Path(command[0]).name} failed:\n{done.stdout.strip()}")
