"""``samconfig.toml``: the stack's name, parameters, tags and bucket that a SAM project has."""

from __future__ import annotations

import importlib
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambda_nb.projects.errors import ProjectError

_FILES = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")


@dataclass(frozen=True)
class SamConfig:
    """What of it a deployment needs; empty where it says nothing."""

    stack_name: str = ""
    region: str = ""
    bucket: str = ""
    prefix: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def read(folder: Path, environment: str = "default", file: Path | None = None) -> SamConfig:
    """The configuration of ``sam deploy`` in a project's folder.

    Parameters
    ----------
    environment
        The environment's name, as ``sam deploy --config-env``.
    file
        Another file, as ``--config-file``.

    Raises
    ------
    ProjectError
        The file cannot be read, or has no such environment.
    """
    found = [path for path in (folder / name for name in _FILES) if path.is_file()]
    path = file or next(iter(found), None)
    if path is None:
        if environment != "default":
            raise ProjectError(f"--config-env {environment}: {folder} has no {_FILES[0]}")
        return SamConfig()
    told = _load(path)
    if environment not in told:
        if environment == "default":
            return SamConfig()
        named = ", ".join(key for key in told if key != "version")
        raise ProjectError(f"--config-env {environment}: {path} has only {named or 'none'}")
    commands = told[environment]
    merged: dict[str, Any] = {}
    for command in ("global", "deploy"):
        merged |= commands.get(command, {}).get("parameters", {})
    return SamConfig(
        stack_name=str(merged.get("stack_name", "")),
        region=str(merged.get("region", "")),
        bucket=str(merged.get("s3_bucket", "")),
        prefix=str(merged.get("s3_prefix", "")),
        parameters=pairs(merged.get("parameter_overrides", {}), str(path)),
        tags=pairs(merged.get("tags", {}), str(path)),
    )


def _load(path: Path) -> dict[str, Any]:
    import yaml  # late: only a command that deploys needs it

    try:
        if path.suffix == ".toml":
            # Python 3.10 has no tomllib; its library of the same code comes with JupyterLab.
            toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
            told: dict[str, Any] = toml.loads(path.read_text())
            return told
        return dict(yaml.safe_load(path.read_text()) or {})
    except (OSError, ValueError, TypeError, ImportError, yaml.YAMLError) as error:
        raise ProjectError(f"cannot read {path}: {error}") from None


def pairs(given: Any, where: str) -> dict[str, str]:
    """``K=V K2="a b"``, a list of ``K=V``, or a table, as a mapping of texts.

    Also takes SAM's long form, ``ParameterKey=K,ParameterValue=V``.

    Raises
    ------
    ProjectError
        A word is not of one of these forms.
    """
    if isinstance(given, Mapping):
        return {str(key): _text(value) for key, value in given.items()}
    try:
        words = shlex.split(given) if isinstance(given, str) else [str(word) for word in given]
    except ValueError as error:
        raise ProjectError(f"{where}: {given!r}: {error}") from None
    found = {}
    for word in words:
        if word.startswith("ParameterKey=") and ",ParameterValue=" in word:
            key, _, value = word.removeprefix("ParameterKey=").partition(",ParameterValue=")
        else:
            key, equals, value = word.partition("=")
            if not equals or not key:
                raise ProjectError(f"{where}: {word!r} is not KEY=VALUE")
        found[key] = value
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)
