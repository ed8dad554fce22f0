"""How to start the processes of a runtime family: program, search path, zygote."""

from __future__ import annotations

import ast
import contextlib
import re
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution.runtimes import interpreters, python_sdk, sdks, setuptools
from lambda_nb.engine.execution.runtimes.interpreters import Fallback, Program
from lambda_nb.engine.execution.runtimes.zygotes import ZygoteKind
from lambda_nb.engine.execution.sandbox.paths import Files, Places
from lambda_nb.engine.model import FunctionVersion

BOOTSTRAPS = Path(__file__).parent / "bootstraps"

PRELOADABLE = ("boto3", "botocore", "numpy", "pandas", "scipy", "PIL", "requests")
"""Slow imports that start no thread and keep no connection, so that a fork may share them."""

_PARSING = threading.Lock()
_TRIES = 10


class InvalidEntrypoint(Exception):  # noqa: N818  (AWS's word)
    """The runtime cannot be started at all; the message is Lambda's."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a runtime. Without ``argv`` the zygote's fork itself becomes the runtime."""

    kind: ZygoteKind
    runtime_version: str
    argv: tuple[str, ...] | None = None
    path: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    """The end of ``sys.path``, after the standard library; ``path`` is its beginning."""
    framed: bool = False
    extra: dict[str, str] = field(default_factory=dict)
    note: str = ""
    """Written once to the function's log: another version than its own runs it, or a part of AWS's
    runtime is not here."""

    @property
    def interpreter(self) -> str:
        """The interpreter of a managed runtime; empty for the function's own program."""
        started = (self.kind.interpreter,) if self.argv is None else self.argv
        named = (program for program in started if _INTERPRETER.fullmatch(Path(program).name))
        return next(named, "")

    @property
    def programs(self) -> tuple[str, ...]:
        """All programs of the start: the interpreter, a wrapper, the runtime behind it."""
        return (self.kind.interpreter, *(self.argv or ()))


_INTERPRETER = re.compile(r"python(3(\.\d+)?)?|node|ruby|java")


def missing(runtime: str, why: str) -> AWSError:
    """The error of an invocation whose runtime this machine cannot run."""
    return AWSError("InvalidRuntimeException", f"Runtime {runtime} cannot run: {why}", 502)


def launcher() -> ZygoteKind:
    """The zygote that starts other programs."""
    return ZygoteKind(interpreters.own_python())


def wrapped(argv: tuple[str, ...], function: FunctionVersion, seen: Places) -> tuple[str, ...]:
    """``argv`` behind the function's wrapper (``AWS_LAMBDA_EXEC_WRAPPER``), if any."""
    wrapper = function.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
    return argv if not wrapper else (seen.of(wrapper), *argv)


def chosen(runtime: str, fallback: Fallback) -> Program:
    """The program that runs a managed runtime. Raises the error of :func:`missing`."""
    try:
        return interpreters.choose(runtime, fallback)
    except interpreters.NotHereError as error:
        raise missing(runtime, str(error)) from None


def python(
    function: FunctionVersion, files: Files, seen: Places, program: Program, fork: bool
) -> Launch:
    """Python: forked from a zygote; with a wrapper or without ``fork``, started like the others."""
    interpreter, version, _ = program
    host_path = search_path(version, str(files.task), str(files.opt), str(files.runtime))
    path = search_path(version, seen.task, seen.opt, seen.runtime)
    note = ""
    if not python_sdk.runs_on(version):
        fetched = sdks.python(version)
        instead = (str(fetched),) if fetched.is_dir() else ()
        host_path, path = (*host_path[:-1], *instead), (*path[:-1], *instead)
        if _misses_sdk(source(function, files.task), host_path):
            note = python_sdk.missing(version)
    name = f"python:{version}"
    packages = setuptools.folder(version, interpreter)
    last = () if packages is None else (str(packages),)
    if fork and not function.environment.get("AWS_LAMBDA_EXEC_WRAPPER"):
        preload = preloads(function, host_path)
        clients = clients_of(source(function, files.task)) if "boto3" in preload else ()
        kind = ZygoteKind(interpreter, preload, path[1:] if preload else (), clients)
        return Launch(kind, name, path=path, last=last, framed=True, note=note)
    script = str(BOOTSTRAPS / "python" / "spawned.py")
    argv = (interpreter, "-I", "-S", script, ":".join(path), ":".join(last))
    started = wrapped(argv, function, seen)
    return Launch(launcher(), name, argv=started, framed=True, note=note)


def _misses_sdk(module: Path, path: tuple[str, ...]) -> bool:
    """Whether a module imports AWS's SDK and no folder of ``path`` has it."""
    wanted = imports_of(module) & {"boto3", "botocore"}
    return any(not any(_provides(Path(folder), name) for folder in path) for name in wanted)


def search_path(version: str, task: str, opt: str, runtime: str) -> tuple[str, ...]:
    """``sys.path`` of a function before the standard library."""
    layer = f"{opt}/python"
    return (task, f"{layer}/lib/python{version}/site-packages", layer, runtime)


def preloads(function: FunctionVersion, path: tuple[str, ...]) -> tuple[str, ...]:
    """Modules that the function imports and that a zygote may import for it.

    Only those that it would find in the same place, so none from its own package.
    """
    task, *later = map(Path, path)
    wanted = imports_of(source(function, task))
    return tuple(
        name
        for name in PRELOADABLE
        if name in wanted and not _provides(task, name) and any(_provides(p, name) for p in later)
    )


def source(function: FunctionVersion, task: Path) -> Path:
    """The file of the handler's module."""
    module = function.handler.rsplit(".", 1)[0].replace(".", "/")
    return task / f"{module}.py"


@lru_cache(maxsize=1024)
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a module; none when it cannot be read."""
    try:
        return tuple(ast.walk(_parsed(path.read_bytes())))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _parsed(code: bytes) -> ast.AST:
    """The tree of a module.

    CPython 3.11 counts the depth of trees for all threads together. It may raise SystemError if two
    threads parse at the same time (python/cpython issue 106905; seen with 3.11.7).
    """
    with _PARSING:
        for _ in range(_TRIES):
            with contextlib.suppress(SystemError):  # another thread parses, say for a traceback
                return ast.parse(code)
        return ast.parse(code)


def clients_of(path: Path) -> tuple[str, ...]:
    """AWS services that a module asks boto3 for by name, in alphabetical order."""
    names = {
        node.args[0].value
        for node in _nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("client", "resource")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }
    return tuple(sorted(names))


def imports_of(path: Path) -> frozenset[str]:
    """Top-level names that a module imports anywhere."""
    names: set[str] = set()
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return frozenset(names)


def _provides(folder: Path, name: str) -> bool:
    return (folder / name).is_dir() or (folder / f"{name}.py").is_file()
