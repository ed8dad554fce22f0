"""Functions as they are: code, layers, settings, aliases, URLs."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.exports.picture import Alias, Function, Layer, Text
from lambda_nb.exports.reading.asking import differing, downloaded, found, pages
from lambda_nb.exports.reading.identifiers import Identifiers, pascal
from lambda_nb.projects.endpoint import Clients

REQUIREMENTS = "lambda-nb-requirements-"
"""Names of layers that a cell's ``--requirements`` made begin with it."""
_DEFAULTS: dict[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {},
    "FileSystemConfigs": [],
    "DurableConfig": {},
}
"""Lambda's defaults (AWS Lambda API reference, CreateFunction)."""

_OWN_TAGS = ("aws:", "lambda-console:", "lambda:createdBy")
"""What AWS's own tools write; nobody else may, or should."""


@dataclass(frozen=True)
class Known:
    """What the caller knows of a function that the endpoint does not.

    ``requirements`` are packages as for the language's tool; ``files`` go beside the code, such as
    a ``requirements.txt`` of the user's own.
    """

    requirements: Sequence[str] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


def read(
    clients: Clients, name: str, identifier: str, known: Known, layers: Layers
) -> Function | str:
    """A function, or why it cannot be exported. Environment and rights are left to others."""
    lambda_ = clients.client()
    told = lambda_.get_function(FunctionName=name)
    config = told["Configuration"]
    if config.get("PackageType", "Zip") != "Zip":
        return f"{name} is a container image; push it to ECR and deploy it from there"
    settings = {
        "Runtime": config["Runtime"],
        "Handler": config["Handler"],
        **differing(config, _DEFAULTS),
        **_logging(config, name),
    }
    if config.get("SnapStart", {}).get("ApplyOn", "None") != "None":
        settings["SnapStart"] = {"ApplyOn": config["SnapStart"]["ApplyOn"]}
    vpc = settings.pop("VpcConfig", {})
    if vpc.get("SubnetIds"):
        settings["VpcConfig"] = {key: vpc[key] for key in ("SubnetIds", "SecurityGroupIds")}
        if vpc.get("Ipv6AllowedForDualStack"):
            settings["VpcConfig"]["Ipv6AllowedForDualStack"] = True
    made = Function(
        identifier,
        name,
        settings,
        _without_options(_unzipped(downloaded(told["Code"]["Location"])), name),
        config["CodeSha256"],
        reserved=told.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        tags={k: v for k, v in told.get("Tags", {}).items() if not k.startswith(_OWN_TAGS)},
    )
    made.alias = _alias(lambda_, name)
    made.url = _url(lambda_, made)
    for layer in config.get("Layers", ()):
        layers.add(layer["Arn"], made)
    requirements = known.requirements or made.requirements
    made.requirements = list(requirements)
    made.files |= {**_requirements_file(made, requirements), **known.files}
    return made


class Layers:
    """Reads each layer version once."""

    def __init__(self, clients: Clients, identifiers: Identifiers, account: str) -> None:
        self._client = clients.client()
        self._identifiers = identifiers
        self._account = account
        self._known: dict[str, Layer] = {}

    def add(self, arn: str, function: Function) -> None:
        """Put a layer version into a function: its content if it is this account's own."""
        words = arn.split(":")
        if words[4] != self._account:
            function.layers.append(Text.of(arn))
            return
        layer = self._known.get(arn) or self._read(arn)
        self._known[arn] = layer
        if layer.name.startswith(REQUIREMENTS):
            function.packages = layer
            function.requirements = str(layer.settings.get("Description", "")).split()
        else:
            function.layers.append(layer)

    def _read(self, arn: str) -> Layer:
        told = self._client.get_layer_version_by_arn(Arn=arn)
        name = arn.split(":")[6]
        defaults = {
            "Description": "",
            "CompatibleRuntimes": [],
            "CompatibleArchitectures": [],
            "LicenseInfo": "",
        }
        content = downloaded(told["Content"]["Location"])
        identifier = self._identifiers.new(f"{name}-layer")
        return Layer(identifier, name, differing(told, defaults), content)


def _logging(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    told = dict(config.get("LoggingConfig", {}))
    if told.get("LogGroup") == f"/aws/lambda/{name}":
        del told["LogGroup"]
    if told.get("LogFormat", "Text") == "Text":
        del told["LogFormat"]
    return {"LoggingConfig": told} if told else {}


def of_itself_or_alias(call: Any, function: Function) -> dict[str, Any] | None:
    """What a call tells of a function, or else of its alias; None if of neither."""
    told = found(call, FunctionName=function.name)
    if told is None and function.alias is not None:
        told = found(call, FunctionName=function.name, Qualifier=function.alias.name)
    return told


def _url(lambda_: Any, function: Function) -> dict[str, Any] | None:
    told = of_itself_or_alias(lambda_.get_function_url_config, function)
    if told is None:
        return None
    cors = {key: value for key, value in told.get("Cors", {}).items() if value}
    return {
        "AuthType": told["AuthType"],
        **({"Cors": cors} if cors else {}),
        **differing(told, {"InvokeMode": "BUFFERED"}),
    }


def _alias(lambda_: Any, name: str) -> Alias | None:
    """The alias that is exported: the first, by its name."""
    aliases = sorted(pages(lambda_, "list_aliases", "Aliases", FunctionName=name), key=_name)
    if not aliases:
        return None
    alias = str(aliases[0]["Name"])
    told = found(lambda_.get_provisioned_concurrency_config, FunctionName=name, Qualifier=alias)
    asked = 0 if told is None else told["RequestedProvisionedConcurrentExecutions"]
    return Alias(alias, asked)


def _name(alias: Mapping[str, Any]) -> str:
    return str(alias["Name"])


def _unzipped(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        return {
            entry.filename: zipped.read(entry)
            for entry in zipped.infolist()
            if not entry.is_dir() and ".." not in entry.filename.split("/")
        }


def _without_options(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    """Files without the options of a cell's first line, which may have secrets in them."""
    heading = re.compile(rb"(?m)^(#|//) %%lambda .*$")
    return {
        path: heading.sub(rb"\1 %%lambda " + name.encode(), content)
        if b" %%lambda " in content[:65536]
        else content
        for path, content in files.items()
    }


def _requirements_file(function: Function, requirements: Sequence[str]) -> dict[str, bytes]:
    """The requirements as the file that the language's tool reads."""
    if not requirements:
        return {}
    if function.runtime.startswith("nodejs"):
        versions = {}
        for item in requirements:
            name, at, version = item.rpartition("@")
            versions.update({name: version} if at and name else {item: "*"})
        package = {"name": pascal(function.name).lower(), "private": True, "dependencies": versions}
        return {"package.json": json.dumps(package, indent=2).encode() + b"\n"}
    if function.runtime.startswith("ruby"):
        gems = []
        for item in requirements:
            name, colon, version = item.partition(":")
            gems.append(f'gem "{name}", "{version}"' if colon else f'gem "{name}"')
        return {"Gemfile": ("\n".join(['source "https://rubygems.org"', *gems]) + "\n").encode()}
    return {"requirements.txt": ("\n".join(requirements) + "\n").encode()}
