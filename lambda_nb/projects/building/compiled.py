"""Builds whose result is made from the whole source: Java, Go, Rust and Makefiles.

What is built in a copy of the source folder is kept by that folder's content. What is built in
place may read files around it, so it is built each time: those tools have caches of their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from lambda_nb.projects.building.archives import Part
from lambda_nb.projects.building.job import Job
from lambda_nb.projects.building.kept import kept, key_of
from lambda_nb.projects.building.tools import run, tool
from lambda_nb.projects.building.trees import IGNORED, content_key, files
from lambda_nb.projects.errors import ProjectError

_RESULTS = IGNORED | {"target", "build", "node_modules", ".gradle"}
"""Names that are the tools' own results, and no source."""


def made(
    job: Job, kind: str, make: Callable[[Path], None], ignored: frozenset[str] = _RESULTS
) -> list[Part]:
    """What ``make`` puts into a folder, made again only when the job or its source changed."""
    told = sorted((key, str(value)) for key, value in job.properties.items())
    key = key_of(
        kind, job.identifier, job.runtime, job.architecture, job.handler, told, job.layer,
        content_key(job.folder, ignored),
    )  # fmt: skip
    return [Part(kept(key, make), ignored=frozenset(), kept=True)]


def fresh(job: Job, make: Callable[[Path], None]) -> list[Part]:
    """What ``make`` puts into a folder now."""
    make(job.scratch)
    return [Part(job.scratch, ignored=frozenset())]


def _copy(job: Job, target: Path, ignored: frozenset[str] = _RESULTS) -> None:
    """A copy of the source to build in: what tools leave behind is not the user's."""
    for name, entry in files(job.folder, ignored):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(entry.path, place)


def java(job: Job) -> list[Part]:
    """``pom.xml`` by Maven or ``build.gradle`` by Gradle: classes, and their libraries in lib/."""
    if (job.folder / "pom.xml").is_file():
        return made(job, "maven", lambda folder: _maven(job, folder))
    for script in ("build.gradle", "build.gradle.kts"):
        if (job.folder / script).is_file():
            return made(job, "gradle", lambda folder: _gradle(job, folder))
    # Sources alone: the engine compiles them when the function starts.
    return [Part(job.folder)]


def _maven(job: Job, folder: Path) -> None:
    mvn = tool("mvn", job.what)
    work = folder / ".work"
    _copy(job, work)
    quiet = [mvn, "--quiet", "--batch-mode", "-DskipTests"]
    libraries = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
    run([*quiet, "package", *libraries, "-Dmdep.prependGroupId=true"], work, job.what)
    _gather(job, folder, work / "target/classes", work / "target/dependency")


def _gather(job: Job, folder: Path, classes: Path, libraries: Path) -> None:
    """Lay out what was compiled as Lambda's Java runtimes look for it; remove the rest."""
    jars = folder / ("java/lib" if job.layer else "lib")
    if libraries.is_dir():
        jars.parent.mkdir(exist_ok=True)
        shutil.move(libraries, jars)
    if classes.is_dir():
        target = folder / "java/lib/classes" if job.layer else folder
        shutil.copytree(classes, target, dirs_exist_ok=True)
    shutil.rmtree(folder / ".work")


_GRADLE = """\
allprojects {
  afterEvaluate { project ->
    if (project.plugins.hasPlugin('java')) {
      project.tasks.register('lambdaNbCopy', Copy) {
        into "${project.projectDir}/build/lambda-nb"
        into('classes') { from project.sourceSets.main.output }
        into('lib') { from project.configurations.runtimeClasspath }
      }
    }
  }
}
"""


def _gradle(job: Job, folder: Path) -> None:
    work = folder / ".work"
    _copy(job, work)
    wrapper = work / "gradlew"
    gradle = str(wrapper) if wrapper.is_file() else tool("gradle", job.what)
    script = folder / ".work" / "lambda-nb.gradle"
    script.write_text(_GRADLE)
    command = [gradle, "--quiet", "--console=plain", "--init-script", str(script), "lambdaNbCopy"]
    run(command, work, job.what)
    made = work / "build" / "lambda-nb"
    _gather(job, folder, made / "classes", made / "lib")


_GO_MACHINES = {"x86_64": "amd64", "arm64": "arm64"}


def go(job: Job) -> list[Part]:
    """``go build`` of a module: ``bootstrap``, or for go1.x the name of its handler."""
    program = job.handler if job.runtime == "go1.x" and job.handler else "bootstrap"

    def make(folder: Path) -> None:
        environment = {
            "CGO_ENABLED": "0",
            "GOOS": "linux",
            "GOARCH": _GO_MACHINES[job.architecture],
        }
        flags = ["-trimpath", "-ldflags=-s -w", "-tags", "lambda.norpc"]
        go = tool("go", job.what)
        run(
            [go, "build", *flags, "-o", str(folder / program), "."],
            job.folder,
            job.what,
            environment,
        )

    return fresh(job, make)


def rust(job: Job) -> list[Part]:
    """``cargo lambda build``: the binary as ``bootstrap``."""

    def make(folder: Path) -> None:
        cargo = tool("cargo-lambda", job.what)
        work = folder / ".work"
        machine = ["--arm64"] if job.architecture == "arm64" else []
        binary = job.properties.get("Binary")
        only = ["--bin", str(binary)] if binary else []
        command = [cargo, "lambda", "build", "--release", "--lambda-dir", str(work)]
        run([*command, *machine, *only], job.folder, job.what)
        found = sorted(work.rglob("bootstrap"))
        if len(found) != 1:
            raise ProjectError(
                f"{job.what}: cargo lambda built {len(found)} binaries; name one with "
                "BuildProperties: Binary in its Metadata"
            )
        shutil.copy2(found[0], folder / "bootstrap")
        shutil.rmtree(work)

    return fresh(job, make)


def makefile(job: Job) -> list[Part]:
    """``make build-ID`` in a copy of the source, with ``ARTIFACTS_DIR``."""
    ignored = IGNORED | {"node_modules"}

    def make(folder: Path) -> None:
        program = tool("make", job.what)
        if not (job.folder / "Makefile").is_file():
            raise ProjectError(f"{job.what}: BuildMethod is makefile, and there is no Makefile")
        work = folder / ".work"
        _copy(job, work, ignored)
        result = folder / ".artifacts"
        result.mkdir()
        run(
            [program, f"build-{job.identifier}"],
            work,
            job.what,
            {"ARTIFACTS_DIR": str(result)},
        )
        shutil.rmtree(work)
        for file in list(result.iterdir()):
            file.rename(folder / file.name)
        result.rmdir()

    return made(job, "makefile", make, ignored)
