"""Bundle a function with esbuild, by the ``BuildProperties`` that SAM knows."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambda_nb.projects.building.archives import Part
from lambda_nb.projects.building.compiled import fresh
from lambda_nb.projects.building.job import Job
from lambda_nb.projects.building.scripted import node_modules
from lambda_nb.projects.building.tools import run
from lambda_nb.projects.errors import ProjectError

_VALUES = {
    "Target": "target", "Format": "format", "Platform": "platform", "MainFields": "main-fields",
    "SourcesContent": "sources-content",
}  # fmt: skip
_LISTS = {"External": "external", "Loader": "loader", "OutExtension": "out-extension"}
_PAIRS = {"Define": "define", "Banner": "banner", "Footer": "footer", "Alias": "alias"}


def esbuild(job: Job) -> list[Part]:
    """Bundle with esbuild, by the ``BuildProperties`` that SAM knows."""
    entries = job.properties.get("EntryPoints")
    # A file that the handler names stays in its folder, where the handler looks for it.
    inputs = list(map(str, entries)) if entries else [_entry(job), "--outbase=."]
    own = job.folder / "node_modules"
    manifest = (job.folder / "package.json").is_file()

    def make(folder: Path) -> None:
        modules = own
        if manifest and not own.is_dir():
            modules = node_modules(job, development=True) / "node_modules"
        program = modules / ".bin" / "esbuild"
        found = str(program) if program.exists() else shutil.which("esbuild")
        if found is None:
            raise ProjectError(
                f"{job.what}: BuildMethod is esbuild, and it is neither among the development "
                "dependencies of package.json (npm install --save-dev esbuild) nor on PATH"
            )
        command = [found, *inputs, "--bundle", f"--outdir={folder}", *_flags(job)]
        command += ["--log-level=warning"]
        run(command, job.folder, job.what, {"NODE_PATH": str(modules)})

    return fresh(job, make)


def _entry(job: Job) -> str:
    """The source file of the handler: ``src/app.handler`` is ``src/app.ts`` or ``src/app.js``."""
    base = job.handler.rpartition(".")[0]
    for ending in ("ts", "mts", "tsx", "js", "mjs", "jsx"):
        if base and (job.folder / f"{base}.{ending}").is_file():
            return f"{base}.{ending}"
    raise ProjectError(
        f"{job.what}: BuildMethod is esbuild; name its file with BuildProperties: EntryPoints "
        f"(the handler is {job.handler!r})"
    )


def _flags(job: Job) -> list[str]:
    told: dict[str, Any] = {"Platform": "node", "Format": "cjs", "Target": "es2020"}
    told |= job.properties
    flags = ["--minify"] if told.get("Minify", True) not in (False, "false") else []
    if told.get("Sourcemap") not in (None, False, "false"):
        flags.append("--sourcemap")
    for name, flag in _VALUES.items():
        if name in told:
            value = told[name]
            flags.append(f"--{flag}={','.join(value) if isinstance(value, list) else value}")
    for name, flag in _LISTS.items():
        flags += [f"--{flag}:{value}" for value in told.get(name, [])]
    for name, flag in _PAIRS.items():
        given = told.get(name, {})
        pairs = given.items() if isinstance(given, Mapping) else (v.split("=", 1) for v in given)
        flags += [f"--{flag}:{key}={value}" for key, value in pairs]
    if "TreeShaking" in told:
        flags.append(f"--tree-shaking={str(told['TreeShaking']).lower()}")
    if told.get("KeepNames") not in (None, False, "false"):
        flags.append("--keep-names")
    return flags
