"""How each runtime family is started: the right one, and all but Python (``launch``)."""

from __future__ import annotations

import os
from pathlib import Path

from lambda_nb.engine.execution import builds, interpreters
from lambda_nb.engine.execution.launch import (
    BOOTSTRAPS,
    InvalidEntrypoint,
    Launch,
    launcher,
    missing,
    python,
    wrapped,
)
from lambda_nb.engine.execution.places import Files, Places
from lambda_nb.engine.model import FunctionVersion

_HEAP_SHARE = 0.8
"""Share of the memory limit that the Java heap may take; the rest is the machine's own."""


def plan(function: FunctionVersion, files: Files, seen: Places, *, fork: bool = True) -> Launch:
    """Work out how to start ``function``.

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
    if runtime.startswith("python"):
        return python(function, files, seen, fork)
    if runtime.startswith("nodejs"):
        return nodejs(function, files, seen)
    if runtime.startswith("ruby"):
        return ruby(function, files, seen)
    if runtime.startswith("java"):
        return java(function, files, seen)
    if runtime.startswith("provided") or runtime in ("custom", "go1.x"):
        return custom(function, files, seen)
    raise missing(runtime, "lambda_nb has no runtime of this family. Use a custom runtime.")


def nodejs(function: FunctionVersion, files: Files, seen: Places) -> Launch:
    """Node.js: any version here, the one of the same major version if there are several."""
    major = function.runtime.removeprefix("nodejs").removesuffix(".x")
    path, version = _program(function, "node", major)
    own_major = version.split(".")[0]
    modules = [f"{seen.opt}/nodejs/node_modules", f"{seen.opt}/nodejs/node{own_major}/node_modules"]
    script = str(BOOTSTRAPS / "nodejs" / "index.mjs")
    argv = wrapped((path, script), function, seen)
    return Launch(
        launcher(),
        f"nodejs:{version}",
        argv=argv,
        framed=True,
        extra={"NODE_PATH": ":".join(modules)},
    )


def ruby(function: FunctionVersion, files: Files, seen: Places) -> Launch:
    """Ruby. Without gems of its own a function starts twice as fast without RubyGems."""
    path, version = _program(function, "ruby", function.runtime.removeprefix("ruby"))
    minor = ".".join(version.split(".")[:2])
    gems = (files.task / "vendor").is_dir() or (files.opt / "ruby").is_dir()
    flags = () if gems else ("--disable-gems",)
    script = str(BOOTSTRAPS / "ruby" / "bootstrap.rb")
    gem_path = f"{seen.task}/vendor/bundle/ruby/{minor}.0:{seen.opt}/ruby/gems/{minor}.0"
    argv = wrapped((path, *flags, script), function, seen)
    extra = {"GEM_PATH": gem_path, "RUBYLIB": f"{seen.opt}/ruby/lib"}
    return Launch(launcher(), f"ruby:{version}", argv=argv, extra=extra)


def java(function: FunctionVersion, files: Files, seen: Places) -> Launch:
    """Java; a package of sources alone is compiled first."""
    major = function.runtime.removeprefix("java").split(".")[0]
    path, version = _program(function, "java", major, "-version")
    javac = interpreters.program("javac", version, "-version")
    if javac is None:
        raise missing(function.runtime, "there is a java but no javac. Install a JDK.")
    runtime = builds.java_runtime(javac[0], BOOTSTRAPS / "java")
    class_path = [seen.task, f"{seen.task}/lib/*", f"{seen.opt}/java/lib/*", str(runtime)]
    if any(files.task.rglob("*.java")) and not _compiled(files.task):
        libraries = [f"{files.task}/lib/*", f"{files.opt}/java/lib/*", str(runtime)]
        try:
            classes = builds.java_classes(javac[0], files.task, ":".join(libraries))
        except builds.BuildError as error:
            raise InvalidEntrypoint(str(error)) from None
        class_path.insert(0, str(classes))
    heap = int(function.memory_mb * _HEAP_SHARE)
    flags = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", f"-Xmx{heap}m")
    command = (path, *flags, "-cp", ":".join(class_path), "lambdanb.Bootstrap")
    return Launch(launcher(), f"java:{version}", argv=wrapped(command, function, seen))


def custom(function: FunctionVersion, files: Files, seen: Places) -> Launch:
    """A ``bootstrap`` of the function's own or of a layer; Go sources become one."""
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


def _program(
    function: FunctionVersion, name: str, major: str, flag: str = "--version"
) -> tuple[str, str]:
    found = interpreters.program(name, major, flag)
    if found is None:
        raise missing(
            function.runtime,
            f"there is no {name} on this machine. Install it and start the engine again.",
        )
    return found
