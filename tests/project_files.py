"""Small projects for tests: files from texts, and a wheel that needs no package index."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambda_nb.projects.building.build import build
from lambda_nb.projects.building.job import Job


def write(folder: Path, texts: dict[str, str]) -> Path:
    """Write files by their paths in a folder; returns the folder."""
    for name, text in texts.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder


def wheel(folder: Path, name: str, code: str) -> Path:
    """A Python package with one module, as a wheel."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(f"{name}.py", code)
        made.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        made.writestr(f"{info}/WHEEL", tag)
        made.writestr(f"{info}/RECORD", "")
    return path


def built(folder: Path, **job: Any) -> dict[str, bytes]:
    """The files of the archive that a folder is built into."""
    with zipfile.ZipFile(io.BytesIO(build(Job("Function", folder, **job)))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names}


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test on a machine without these programs."""
    absent = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(bool(absent), reason=f"needs {', '.join(absent)}")
