"""Plans how to start a function, by its runtime family; Python's part is in ``launch``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lambda_nb.engine.execution.runtimes import builds, interpreters, sdks
from lambda_nb.engine.execution.runtimes.interpreters import Fallback, Program
from lambda_nb.engine.execution.runtimes.launch import (
    BOOTSTRAPS,
    InvalidEntrypoint,
    Launch,
    chosen,
    launcher,
    missing,
    python,
    wrapped,
)
from lambda_nb.engine.execution.sandbox.paths import Files, Places
from lambda_nb.engine.model import FunctionVersion
from lambda_nb.rules.settings import runtimes

_HEAP_SHARE = 0.8
"""Share of the memory limit that the Java heap may take; the rest is for the JVM itself."""


def plan(
    function: FunctionVersion,
    files: Files,
    seen: Places,
    *,
    fork: bool = True,
    fallback: Fallback = "none",
) -> Launch:
    """Work out how to start ``function``.

    With ``fallback`` "nearest", another version of its language is used if the right one is
    missing; the plan's ``note`` says so.

    Raises
    ------
    InvalidEntrypoint
        When a custom runtime has no bootstrap, or a source does not compile.
    AWSError
        ``InvalidRuntimeException`` when the machine lacks what the runtime needs.
    """
    runtime = function.runtime
    if function.package_type == "Image":
        raise missing(
            function.image_uri, "container images need a container engine. Deploy it as a zip file."
        )
    for family, start in _MANAGED.items():
        if runtime.startswith(family):
            program = chosen(runtime, fallback)
            made = start(function, files, seen, program, fork)
            return replace(made, note=" ".join(filter(None, (program.note, made.note))))
    if runtime.startswith("provided") or runtime in ("custom", "go1.x"):
        return custom(function, files, seen)
    raise missing(runtime, "lambda_nb has no runtime of this family. Use a custom runtime.")


def nodejs(
    function: FunctionVersion, files: Files, seen: Places, program: Program, fork: bool
) -> Launch:
    """Node.js."""
    (major,) = runtimes.numbers(function.runtime)
    modules = [f"{seen.opt}/nodejs/node{major}/node_modules", f"{seen.opt}/nodejs/node_modules"]
    modules += [str(sdks.nodejs())]
    script = str(BOOTSTRAPS / "nodejs" / "index.mjs")
    argv = wrapped((program.path, script), function, seen)
    return Launch(
        launcher(),
        f"nodejs:{program.version}",
        argv=argv,
        framed=True,
        extra={"NODE_PATH": ":".join(modules)},
    )


def ruby(
    function: FunctionVersion, files: Files, seen: Places, program: Program, fork: bool
) -> Launch:
    """Ruby. A function that has no gems starts twice as fast without RubyGems."""
    asked = ".".join(map(str, runtimes.numbers(function.runtime)))
    minor = ".".join(program.version.split(".")[:2])
    sdk = _mentions_sdk(files.task)
    gems = sdk or (files.task / "vendor").is_dir() or (files.opt / "ruby").is_dir()
    flags = () if gems else ("--disable-gems",)
    script = str(BOOTSTRAPS / "ruby" / "bootstrap.rb")
    folders = []
    for version in dict.fromkeys((asked, minor)):  # a fallback also finds gems for the other
        folders += [f"{seen.task}/vendor/bundle/ruby/{version}.0"]
        folders += [f"{seen.opt}/ruby/gems/{version}.0"]
    folders += [str(sdks.ruby(minor))] if sdk else []
    argv = wrapped((program.path, *flags, script), function, seen)
    extra = {"GEM_PATH": ":".join(folders), "RUBYLIB": f"{seen.opt}/ruby/lib"}
    return Launch(launcher(), f"ruby:{program.version}", argv=argv, extra=extra)


def _mentions_sdk(task: Path) -> bool:
    return any(b"aws-sdk" in source.read_bytes() for source in task.rglob("*.rb"))


def java(
    function: FunctionVersion, files: Files, seen: Places, program: Program, fork: bool
) -> Launch:
    """Java; a package that has only sources is compiled first."""
    javac = Path(program.path).resolve().with_name("javac")
    if not javac.exists():
        raise missing(function.runtime, f"beside {program.path} is no javac. Install a JDK.")
    runtime = builds.java_runtime(str(javac), BOOTSTRAPS / "java")
    class_path = [seen.task, f"{seen.task}/lib/*", f"{seen.opt}/java/lib/*", str(runtime)]
    if any(files.task.rglob("*.java")) and not _compiled(files.task):
        libraries = [f"{files.task}/lib/*", f"{files.opt}/java/lib/*", str(runtime)]
        try:
            classes = builds.java_classes(str(javac), files.task, ":".join(libraries))
        except builds.BuildError as error:
            raise InvalidEntrypoint(str(error)) from None
        class_path.insert(0, str(classes))
    heap = int(function.memory_mb * _HEAP_SHARE)
    flags = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", f"-Xmx{heap}m")
    command = (program.path, *flags, "-cp", ":".join(class_path), "lambdanb.Bootstrap")
    argv = wrapped(command, function, seen)
    return Launch(launcher(), f"java:{program.version}", argv=argv)


_MANAGED: dict[str, Callable[[FunctionVersion, Files, Places, Program, bool], Launch]] = {
    "python": python,
    "nodejs": nodejs,
    "ruby": ruby,
    "java": java,
}


def custom(function: FunctionVersion, files: Files, seen: Places) -> Launch:
    """The ``bootstrap`` of the function or of a layer; Go sources are compiled to one."""
    name = function.runtime.replace(".", ":", 1)
    for folder, there in ((files.task, seen.task), (files.opt, seen.opt)):
        bootstrap = folder / "bootstrap"
        if bootstrap.is_file() and os.access(bootstrap, os.X_OK):
            return Launch(launcher(), name, argv=(f"{there}/bootstrap",))
    if any(files.task.glob("*.go")):
        return Launch(launcher(), name, argv=(str(_go(function, files.task)),))
    raise InvalidEntrypoint(
        "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    )


def _go(function: FunctionVersion, task: Path) -> Path:
    found = interpreters.program("go", "1", "version")
    if found is None:
        raise missing(
            function.runtime, "its package is Go source, and there is no go here. Install Go."
        )
    try:
        return builds.go_binary(found[0], task, BOOTSTRAPS / "go" / "aws-lambda-go")
    except builds.BuildError as error:
        raise InvalidEntrypoint(str(error)) from None


def _compiled(task: Path) -> bool:
    return any(task.rglob("*.class")) or any((task / "lib").glob("*.jar"))
