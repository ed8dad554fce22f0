"""``--requirements``: install packages once and publish them once as a layer.

They go into their own layer, not into the function's archive. So editing the cell uploads a few
hundred bytes, not the packages again. Each language's tool installs them: pip or uv, npm, gem
or Bundler. Go modules are compiled into the program instead (``package``).
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lambda_nb.notebook.errors import NotebookError, aws_errors
from lambda_nb.notebook.functions import installers
from lambda_nb.notebook.functions.package import Package
from lambda_nb.projects.building.archives import zip_of
from lambda_nb.projects.building.kept import kept
from lambda_nb.projects.building.packages import lock_of

MOST_BYTES = 52_428_800
"""Largest archive in a request (AWS, "Lambda quotas": 50 MB)."""
LAYERED = tuple(installers.INSTALLERS)
"""Runtime families whose packages become a layer."""


def layer(
    client: Any, requirements: Sequence[str], runtime: str, architecture: str, *, on_aws: bool
) -> str:
    """The ARN of a layer version with these packages; publishes it if there is none yet.

    Raises
    ------
    NotebookError
        The packages cannot be installed or are too large.
    """
    key = _key(requirements, runtime, architecture, on_aws)
    name = f"lambda-nb-requirements-{key}"
    with aws_errors():
        versions = client.list_layer_versions(LayerName=name)["LayerVersions"]
    if versions:
        return str(versions[0]["LayerVersionArn"])
    folder = _installed(requirements, runtime, architecture, key, on_aws)
    archive = zip_of(
        {
            str(file.relative_to(folder)): file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.is_file() and "__pycache__" not in file.parts
        }
    )
    if len(archive) > MOST_BYTES:
        raise NotebookError(
            f"--requirements: the packages are {len(archive) / 1e6:.0f} MB zipped, and a layer in "
            "a request may have 50 MB; publish a layer through S3 and name it with --layer"
        )
    with aws_errors():
        published = client.publish_layer_version(
            LayerName=name,
            Description=" ".join(requirements)[:256],
            Content={"ZipFile": archive},
            CompatibleRuntimes=[runtime],
        )
    return str(published["LayerVersionArn"])


def inside(package: Package, requirements: Sequence[str], runtime: str, *, on_aws: bool) -> Package:
    """The function with these packages in its own archive, for where there are no layers.

    Raises
    ------
    NotebookError
        The packages cannot be installed.
    """
    folder = _installed(
        requirements, runtime, "x86_64", _key(requirements, runtime, "x86_64", on_aws), on_aws
    )
    contents = {
        # A layer has its packages in python/ or nodejs/; a function has them beside its code.
        str(Path(*file.relative_to(folder).parts[1:])): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
    with zipfile.ZipFile(io.BytesIO(package.archive)) as own:
        contents |= {name: own.read(name) for name in own.namelist()}
    return replace(package, archive=zip_of(contents))


def _key(requirements: Sequence[str], runtime: str, architecture: str, on_aws: bool) -> str:
    texts = [_text(Path(item)) if Path(item).is_file() else item for item in requirements]
    whole = "\0".join([runtime, architecture, "aws" if on_aws else sys.platform, *texts])
    return hashlib.sha256(whole.encode()).hexdigest()[:24]


def _text(file: Path) -> str:
    """The content of a requirements file and its lock file, as hexadecimal text."""
    lock = lock_of(file)
    return (file.read_bytes() + (b"" if lock is None else lock.read_bytes())).hex()


def _installed(
    requirements: Sequence[str], runtime: str, architecture: str, key: str, on_aws: bool
) -> Path:
    """The directory with the layer's contents; installs the packages if needed."""
    family = next(one for one in LAYERED if runtime.startswith(one))
    wanted = installers.Wanted(list(requirements), runtime, architecture, on_aws)
    return kept(key, lambda folder: installers.INSTALLERS[family](wanted, folder))
