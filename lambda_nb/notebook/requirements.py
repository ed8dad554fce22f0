"""``--requirements``: Python packages as a layer, installed once and published once.

A layer of its own, not a part of the function's archive: editing the cell then uploads a few
hundred bytes, not the packages again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lambda_nb.notebook.errors import NotebookError, aws_errors
from lambda_nb.notebook.package import default_runtime, zip_of

MOST_BYTES = 52_428_800
"""Of an archive in a request (AWS, "Lambda quotas": 50 MB)."""
_PLATFORMS = {"x86_64": "manylinux2014_x86_64", "arm64": "manylinux2014_aarch64"}


def layer(
    client: Any, requirements: Sequence[str], runtime: str, architecture: str, *, on_aws: bool
) -> str:
    """The ARN of a layer version with these packages; published if there is none yet.

    Raises
    ------
    NotebookError
        The runtime is not Python's, the packages cannot be installed or are too large.
    """
    if not runtime.startswith("python"):
        raise NotebookError(f"--requirements is for Python, not {runtime}; add files with --file")
    key = _key(requirements, runtime, architecture, on_aws)
    name = f"lambda-nb-requirements-{key}"
    with aws_errors():
        versions = client.list_layer_versions(LayerName=name)["LayerVersions"]
    if versions:
        return str(versions[0]["LayerVersionArn"])
    folder = _installed(requirements, runtime, architecture, key, on_aws)
    archive = zip_of(
        {
            f"python/{file.relative_to(folder)}": file.read_bytes()
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


def _key(requirements: Sequence[str], runtime: str, architecture: str, on_aws: bool) -> str:
    texts = [Path(r).read_text() if Path(r).is_file() else r for r in requirements]
    whole = "\0".join([runtime, architecture, "aws" if on_aws else sys.platform, *texts])
    return hashlib.sha256(whole.encode()).hexdigest()[:24]


def cache() -> Path:
    """Where installed packages are kept: ``$LAMBDA_NB_HOME``, or the user's cache directory."""
    home = os.environ.get("LAMBDA_NB_HOME")
    base = Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "lambda_nb"
    return base.expanduser() / "packages"


def _installed(
    requirements: Sequence[str], runtime: str, architecture: str, key: str, on_aws: bool
) -> Path:
    folder = cache() / key
    if folder.exists():
        return folder
    building = folder.with_name(f"{key}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    command = _installer(building)
    # For another interpreter or machine than this one only ready-made wheels will do.
    version = runtime.removeprefix("python")
    if on_aws or runtime != default_runtime():
        command += ["--python-version", version, "--only-binary=:all:"]
        platform = _PLATFORMS[architecture]
        uses_uv = "uv" in Path(command[0]).name
        command += ["--python-platform" if uses_uv else "--platform", _uv(platform, uses_uv)]
    for item in requirements:
        command += ["-r", item] if Path(item).is_file() else [item]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(building, ignore_errors=True)
        said = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise NotebookError(f"--requirements {' '.join(requirements)}: cannot install:\n{said}")
    building.rename(folder)
    return folder


def _installer(target: Path) -> list[str]:
    target.parent.mkdir(parents=True, exist_ok=True)
    uv = shutil.which("uv")
    if uv:
        return [
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            sys.executable,
            "--target",
            str(target),
        ]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [*pip, "--no-compile", "--target", str(target)]


def _uv(platform: str, uses_uv: bool) -> str:
    """uv names platforms the other way round."""
    machine = platform.removeprefix("manylinux2014_")
    return f"{machine}-manylinux2014" if uses_uv else platform
