"""What differs between functions of two endpoints: new, changed (in what), only there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lambda_nb.exports.errors import ExportError
from lambda_nb.exports.reading.asking import found, pages
from lambda_nb.projects.endpoint import Clients
from lambda_nb.projects.errors import aws_errors

What = Literal["new", "changed", "same", "only there"]


@dataclass(frozen=True)
class Difference:
    """One function: ``settings`` has the name of each setting that differs, with both values.

    The values of environment variables are not told, only that they differ: they may be secrets.
    """

    name: str
    what: What
    settings: Mapping[str, tuple[str, str]]


_DEFAULTS: dict[str, Any] = {
    "Runtime": "",
    "Handler": "",
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "PackageType": "Zip",
}


def differences(
    here: Clients, there: Clients, names: Sequence[str], *, everything: bool = False
) -> list[Difference]:
    """Compare functions of one endpoint with those of the same names at another.

    Parameters
    ----------
    here, there
        Clients for both endpoints.
    names
        Which functions.
    everything
        Also tell the functions that are only there.

    Raises
    ------
    ExportError
        A function is not here, or an endpoint refuses a question.
    """
    with aws_errors(ExportError):
        rows = [_difference(here.client(), there.client(), name) for name in names]
        if everything:
            known = set(names)
            others = pages(there.client(), "list_functions", "Functions")
            only = sorted(one["FunctionName"] for one in others)
            rows += [Difference(name, "only there", {}) for name in only if name not in known]
    return rows


def _difference(here: Any, there: Any, name: str) -> Difference:
    mine = found(here.get_function, FunctionName=name)
    if mine is None:
        raise ExportError(f"there is no function {name!r} here")
    theirs = found(there.get_function, FunctionName=name)
    if theirs is None:
        return Difference(name, "new", {})
    settings = {
        key: (one, other)
        for key, one in _settings(mine).items()
        if one != (other := _settings(theirs)[key])
    }
    ours, others = _variables(mine), _variables(theirs)
    for key in sorted({*ours, *others}):
        if ours.get(key) != others.get(key):
            told = tuple("set" if key in side else "not set" for side in (ours, others))
            settings[f"env {key}"] = (
                ("another value", "")
                if told == ("set", "set")
                else (
                    told[0],
                    told[1],
                )
            )
    return Difference(name, "changed" if settings else "same", settings)


def _settings(told: Mapping[str, Any]) -> dict[str, str]:
    config = told["Configuration"]
    shown = {key: _shown(config.get(key) or default) for key, default in _DEFAULTS.items()}
    layers = [one["Arn"].split(":layer:")[-1] for one in config.get("Layers", ())]
    reserved = told.get("Concurrency", {}).get("ReservedConcurrentExecutions", "")
    return {
        "code": str(config["CodeSha256"])[:12],
        **shown,
        "Layers": _shown(layers),
        "ReservedConcurrency": str(reserved),
        "TracingConfig": str(config.get("TracingConfig", {}).get("Mode", "PassThrough")),
        "LogFormat": str(config.get("LoggingConfig", {}).get("LogFormat", "Text")),
    }


def _variables(told: Mapping[str, Any]) -> Mapping[str, str]:
    variables: Mapping[str, str] = told["Configuration"].get("Environment", {}).get("Variables", {})
    return variables


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(map(str, value.values()))
    return str(value)
