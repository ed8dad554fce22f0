"""Builds of Python, Node.js and Ruby: the source beside its packages, which are installed once."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambda_nb.projects.building import packages
from lambda_nb.projects.building.archives import Part
from lambda_nb.projects.building.job import Job
from lambda_nb.projects.building.kept import kept, key_of
from lambda_nb.projects.building.trees import IGNORED, content_key
from lambda_nb.projects.errors import ProjectError

_LAYER_FOLDERS = {"python": "python/", "nodejs": "nodejs/", "ruby": "ruby/lib/"}


def python(job: Job) -> list[Part]:
    """``requirements.txt``, installed with uv or pip."""
    at = _LAYER_FOLDERS["python"] if job.layer else ""
    source = Part(job.folder, at)
    manifest = job.folder / "requirements.txt"
    if not manifest.is_file() or not _requirements(manifest):
        return [source]
    runtime = job.runtime or packages.default_runtime()
    target = [runtime, job.architecture, "aws" if job.at_aws else sys.platform]
    local = [
        content_key(job.folder / line)
        for line in map(_path_in, _requirements(manifest))
        if line and (job.folder / line).exists()
    ]
    key = key_of("requirements.txt", at, *target, manifest.read_text(), *local)

    def install(folder: Path) -> None:
        packages.python(
            ["-r", str(manifest.resolve())],
            folder / at,
            job.folder,
            job.what,
            runtime=runtime,
            architecture=job.architecture,
            at_aws=job.at_aws,
        )

    return [Part(kept(key, install), kept=True), source]


def _requirements(manifest: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in manifest.read_text().splitlines())
    return [line for line in lines if line]


def _path_in(line: str) -> str:
    """The file or folder that a line of requirements may name."""
    return re.sub(r"^(-e|-r|-c|--editable|--requirement|--constraint)[ =]*", "", line).strip()


def nodejs(job: Job) -> list[Part]:
    """``package.json``, installed with npm without the development dependencies."""
    at = _LAYER_FOLDERS["nodejs"] if job.layer else ""
    manifest = job.folder / "package.json"
    if not manifest.is_file() or not _depends(manifest, "dependencies", "optionalDependencies"):
        return [Part(job.folder, at)]
    installed = node_modules(job, development=False)
    without = IGNORED | {"node_modules"}
    if at:
        return [
            Part(installed / "node_modules", f"{at}node_modules/"),
            Part(job.folder, at, without),
        ]
    return [
        Part(installed, ignored=IGNORED | {"package.json"}, kept=True),
        Part(job.folder, at, without),
    ]


def node_modules(job: Job, *, development: bool) -> Path:
    """The folder that has the ``node_modules`` of a package.json; installed once."""
    manifest = job.folder / "package.json"
    lock = packages.lock_of(manifest)
    project = _project(manifest)
    local = [
        content_key(place, IGNORED | {"node_modules"})
        for place in (manifest.parent / path for path in _local(project))
        if place.exists()
    ]
    text = [file.read_text() for file in (manifest, lock) if file is not None]
    target = [job.architecture, "aws" if job.at_aws else sys.platform, development]
    return kept(
        key_of("package.json", *target, *text, *local),
        lambda folder: packages.nodejs(
            folder,
            job.what,
            manifest=manifest,
            architecture=job.architecture,
            at_aws=job.at_aws,
            development=development,
        ),
    )


def _project(manifest: Path) -> dict[str, Any]:
    """What a package.json says."""
    try:
        return dict(json.loads(manifest.read_text()))
    except ValueError as error:
        raise ProjectError(f"{manifest} is not JSON: {error}") from None


def _depends(manifest: Path, *kinds: str) -> bool:
    project = _project(manifest)
    return any(project.get(kind) for kind in kinds)


def _local(project: Mapping[str, Any]) -> list[str]:
    """Local packages that a package.json depends on."""
    named = {**project.get("dependencies", {}), **project.get("devDependencies", {})}
    return [place[5:] for place in named.values() if place.startswith("file:")]


def ruby(job: Job) -> list[Part]:
    """``Gemfile``, installed with Bundler into ``vendor/bundle``."""
    at = _LAYER_FOLDERS["ruby"] if job.layer else ""
    manifest = job.folder / "Gemfile"
    if not manifest.is_file():
        return [Part(job.folder, at)]
    lock = packages.lock_of(manifest)
    text = [file.read_text() for file in (manifest, lock) if file is not None]
    # A layer's gems are where GEM_PATH looks for them, beside its ruby/lib.
    inside = "ruby/gems" if job.layer else "vendor/bundle"

    def install(folder: Path) -> None:
        target = folder / inside
        target.mkdir(parents=True)
        packages.bundle(manifest, target, job.what)
        if job.layer:
            for version in list((target / "ruby").iterdir()):
                version.rename(target / version.name)
            (target / "ruby").rmdir()

    return [
        Part(kept(key_of("Gemfile", inside, *text), install), ignored=frozenset(), kept=True),
        Part(job.folder, at, IGNORED | {"vendor", ".bundle"}),
    ]
