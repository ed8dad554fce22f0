"""Choose how a function or a layer is built, as ``sam build`` does, and build it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lambda_nb.projects.building import compiled, esbuild, scripted
from lambda_nb.projects.building.archives import Part, pack
from lambda_nb.projects.building.job import Job
from lambda_nb.projects.errors import ProjectError

_METHODS: dict[str, Callable[[Job], list[Part]]] = {
    "python": scripted.python,
    "nodejs": scripted.nodejs,
    "ruby": scripted.ruby,
    "java": compiled.java,
    "go": compiled.go,
    "rust-cargolambda": compiled.rust,
    "makefile": compiled.makefile,
    "esbuild": esbuild.esbuild,
}


def build(job: Job) -> bytes:
    """The archive of a function's or a layer's code.

    Raises
    ------
    ProjectError
        A tool is missing or fails, or the build method is unknown.
    """
    if job.folder.is_file():
        data = job.folder.read_bytes()
        packed = job.folder.suffix in (".zip", ".jar")
        return data if packed else pack([Part(job.folder)])
    if not job.folder.is_dir():
        raise ProjectError(f"{job.identifier}: there is no file or folder {job.folder}")
    builder = _builder(job)
    with tempfile.TemporaryDirectory(prefix="lambda-nb-") as scratch:
        return pack(builder(replace(job, scratch=Path(scratch))))


def _builder(job: Job) -> Callable[[Job], list[Part]]:
    if job.method:
        family = re.match(r"python|nodejs|ruby|java|go", job.method)
        builder = _METHODS.get(job.method) or _METHODS.get(family[0] if family else "")
        if builder is None:
            hint = (
                "publish it yourself and give the folder or archive as its code"
                if job.method.startswith("dotnet")
                else f"there are {', '.join(_METHODS)}"
            )
            raise ProjectError(f"{job.what}: no builder for BuildMethod {job.method!r}; {hint}")
        return builder
    if job.layer:
        return as_it_is
    family = re.match(r"[a-z]+", job.runtime)
    if family and family[0] == "provided":
        compiled_already = (job.folder / "bootstrap").is_file()
        has_module = (job.folder / "go.mod").is_file()
        return compiled.go if has_module and not compiled_already else as_it_is
    return _METHODS.get(family[0] if family else "", as_it_is)


def as_it_is(job: Job) -> list[Part]:
    """The folder, without a build."""
    return [Part(job.folder)]
