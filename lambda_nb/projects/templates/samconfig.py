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
_READ = {
    "stack_name", "region", "profile", "s3_bucket", "s3_prefix", "parameter_overrides", "tags",
    "template_file", "template", "disable_rollback", "role_arn", "notification_arns",
}  # fmt: skip
_AS_IT_IS = {
    "capabilities", "resolve_s3", "fail_on_empty_changeset", "no_progressbar", "cached", "parallel",
    "cache_dir", "build_dir", "force_upload", "use_json", "guided", "save_params", "debug",
    "build_in_source", "beta_features", "config_env", "config_file",
}  # fmt: skip
"""What asks for nothing else than what is done here anyway."""


@dataclass(frozen=True)
class SamConfig:
    """What of it a deployment needs; empty where it says nothing.

    ``template`` is a path from the project's folder; ``ignored`` has the keys that ask for
    something that is not done here.
    """

    stack_name: str = ""
    region: str = ""
    profile: str = ""
    bucket: str = ""
    prefix: str = ""
    template: str = ""
    role: str = ""
    disable_rollback: bool = False
    notifications: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def folder_of(path: Path) -> Path:
    """The folder whose configuration belongs to what is deployed: a folder, or a template."""
    path = path.expanduser()
    return path if path.is_dir() else path.parent


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
    return _config(told[environment], str(path))


def _config(commands: Mapping[str, Any], where: str) -> SamConfig:
    everywhere, build, deploy = (
        dict((commands.get(command) or {}).get("parameters") or {})
        for command in ("global", "build", "deploy")
    )
    merged = {**everywhere, **deploy}
    return SamConfig(
        **{
            name: str(merged.get(key, ""))
            for name, key in (
                ("stack_name", "stack_name"), ("region", "region"), ("profile", "profile"),
                ("bucket", "s3_bucket"), ("prefix", "s3_prefix"), ("role", "role_arn"),
            )
        },
        template=_template(build, everywhere, deploy),
        disable_rollback=_is_true(merged.get("disable_rollback")),
        notifications=_words(merged.get("notification_arns", ())),
        parameters=pairs(merged.get("parameter_overrides", {}), where),
        tags=pairs(merged.get("tags", {}), where),
        ignored=_ignored(everywhere, build, deploy),
    )  # fmt: skip


def _template(build: Mapping[str, Any], *others: Mapping[str, Any]) -> str:
    """The template that is built: that of `sam deploy` may be what `sam build` has made of it."""
    for parameters in (build, *others):
        named = str(parameters.get("template_file") or parameters.get("template") or "")
        if named and ".aws-sam" not in Path(named).parts:
            return named
    return ""


def _ignored(
    everywhere: Mapping[str, Any], build: Mapping[str, Any], deploy: Mapping[str, Any]
) -> tuple[str, ...]:
    """The keys of which nothing becomes, and that ask for something."""
    asked = {**everywhere, **build, **deploy}
    found = [
        key
        for key in sorted(asked.keys() - _READ - _AS_IT_IS)
        if asked[key] not in (False, "false", "", [], {})
    ]
    of_build = build.get("parameter_overrides")
    if of_build not in (None, {**everywhere, **deploy}.get("parameter_overrides")):
        found.append("parameter_overrides of build")
    return tuple(found)


def _is_true(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "yes")


def _words(value: Any) -> tuple[str, ...]:
    return tuple(value.split() if isinstance(value, str) else map(str, value))


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
