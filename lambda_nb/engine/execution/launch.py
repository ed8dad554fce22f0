"""How the processes of each runtime family are started: program, search path, zygote."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution import interpreters
from lambda_nb.engine.execution.zygotes import ZygoteKind
from lambda_nb.engine.model import FunctionVersion

BOOTSTRAPS = Path(__file__).parent / "bootstraps"

PRELOADABLE = ("boto3", "botocore", "numpy", "pandas", "scipy", "PIL", "requests")
"""Slow imports that start no thread and keep no connection, so that a fork may share them."""

SDK = (
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "urllib3",
    "six",
    "snapshot_restore_py",
)
"""What AWS's Python runtime brings along (``/var/runtime``), as far as it is installed here."""


class InvalidEntrypoint(Exception):  # noqa: N818  (AWS's word)
    """The runtime cannot be started at all; the message is Lambda's."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a runtime. Without ``argv`` the zygote's fork itself becomes the runtime."""

    kind: ZygoteKind
    runtime_version: str
    argv: tuple[str, ...] | None = None
    path: tuple[str, ...] = ()
    framed: bool = False
    extra: dict[str, str] = field(default_factory=dict)


def plan(
    function: FunctionVersion, *, task: Path, opt: Path, runtime_dir: Path, fork: bool = True
) -> Launch:
    """Work out how to start ``function``; ``task`` and ``opt`` are where its files really are.

    Raises
    ------
    InvalidEntrypoint
        When a custom runtime has no bootstrap.
    AWSError
        ``InvalidRuntimeException`` when the machine lacks what the runtime needs.
    """
    runtime = function.runtime
    if runtime.startswith("python"):
        return _python(function, task, opt, runtime_dir, fork)
    if runtime.startswith("provided") or runtime in ("custom", "go1.x"):
        return _custom(runtime, task, opt)
    raise missing(runtime, f"{runtime} is not a runtime that lambda_nb can run")


def missing(runtime: str, why: str) -> AWSError:
    """The error of an invocation whose runtime this machine cannot run."""
    return AWSError("InvalidRuntimeException", f"Runtime {runtime} cannot run: {why}", 502)


def launcher() -> ZygoteKind:
    """The zygote that starts other programs."""
    return ZygoteKind(interpreters.own_python())


# -- Python


def _python(
    function: FunctionVersion, task: Path, opt: Path, runtime_dir: Path, fork: bool
) -> Launch:
    version = function.runtime[len("python") :]
    interpreter = interpreters.python(version)
    if interpreter is None:
        here = ", ".join(f"python{v}" for v in interpreters.pythons())
        raise missing(
            function.runtime,
            f"there is no Python {version} on this machine. Install it, or choose one of: {here}.",
        )
    path = python_path(version, task, opt, runtime_dir)
    name = f"python:{version}"
    wrapper = function.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
    if fork and not wrapper:
        preload = preloads(function, task, opt, version, runtime_dir)
        kind = ZygoteKind(interpreter, preload, path[1:] if preload else ())
        return Launch(kind, name, path=path, framed=True)
    script = str(BOOTSTRAPS / "python" / "spawned.py")
    argv = (interpreter, "-I", "-S", script, ":".join(path))
    return Launch(launcher(), name, argv=wrapped(argv, wrapper), framed=True)


def python_path(version: str, task: Path, opt: Path, runtime_dir: Path) -> tuple[str, ...]:
    """``sys.path`` of a function before the standard library."""
    layer = opt / "python"
    packages = layer / "lib" / f"python{version}" / "site-packages"
    return (str(task), *(str(p) for p in (packages, layer) if p.is_dir()), str(runtime_dir))


def wrapped(argv: tuple[str, ...], wrapper: str | None) -> tuple[str, ...]:
    """``argv`` behind the function's wrapper script, if it has one."""
    return argv if wrapper is None else (wrapper, *argv)


def preloads(
    function: FunctionVersion, task: Path, opt: Path, version: str, runtime_dir: Path
) -> tuple[str, ...]:
    """Modules that the function imports, that a zygote may import for it, and that it would find
    at the same place: not a copy of its own."""
    module = function.handler.rsplit(".", 1)[0].replace(".", "/")
    wanted = imports_of(task / f"{module}.py")
    later = [Path(p) for p in python_path(version, task, opt, runtime_dir)[1:]]
    return tuple(
        name
        for name in PRELOADABLE
        if name in wanted and not _provides(task, name) and any(_provides(p, name) for p in later)
    )


@lru_cache(maxsize=1024)
def imports_of(source: Path) -> frozenset[str]:
    """Top-level names that a module imports anywhere; empty when it cannot be read."""
    try:
        tree = ast.parse(source.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return frozenset(names)


def _provides(folder: Path, name: str) -> bool:
    return (folder / name).is_dir() or (folder / f"{name}.py").is_file()


def link_sdk(runtime_dir: Path) -> None:
    """Fill ``/var/runtime`` with links to the AWS SDK for Python of the engine's environment."""
    from importlib.util import find_spec

    runtime_dir.mkdir(parents=True, exist_ok=True)
    own = BOOTSTRAPS / "python" / "snapshot_restore_py.py"
    for name in SDK:
        spec = find_spec(name)
        origin = None if spec is None or spec.origin is None else Path(spec.origin)
        if name == "snapshot_restore_py":
            origin = own
        if origin is None:
            continue
        source = origin.parent if origin.name == "__init__.py" else origin
        link = runtime_dir / source.name
        if not link.exists():
            link.symlink_to(source)


# -- custom runtimes


def _custom(runtime: str, task: Path, opt: Path) -> Launch:
    for folder in (task, opt):
        bootstrap = folder / "bootstrap"
        if bootstrap.is_file() and os.access(bootstrap, os.X_OK):
            return Launch(launcher(), runtime.replace(".", ":", 1), argv=(str(bootstrap),))
    raise InvalidEntrypoint(
        "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    )
