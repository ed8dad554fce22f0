"""A function as the parameters that would create it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEPT = (
    "FunctionName",
    "Runtime",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "PackageType",
    "Architectures",
    "KMSKeyArn",
)
_DEFAULTS: dict[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "PackageType": "Zip",
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "TracingConfig": {"Mode": "PassThrough"},
    "SnapStart": {"ApplyOn": "None"},
}


def create_parameters(function: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of ``CreateFunction``, without the code, for a function as it is.

    Parameters
    ----------
    function
        As ``GetFunction`` tells it.

    Returns
    -------
    dict
        Settings that are Lambda's defaults are left out.
    """
    config = function["Configuration"]
    told: dict[str, Any] = {key: config[key] for key in _KEPT if config.get(key)}
    if variables := config.get("Environment", {}).get("Variables"):
        told["Environment"] = {"Variables": dict(variables)}
    if layers := config.get("Layers"):
        told["Layers"] = [layer["Arn"] for layer in layers]
    if target := config.get("DeadLetterConfig", {}).get("TargetArn"):
        told["DeadLetterConfig"] = {"TargetArn": target}
    if storage := config.get("EphemeralStorage"):
        told["EphemeralStorage"] = {"Size": storage["Size"]}
    if mode := config.get("TracingConfig", {}).get("Mode"):
        told["TracingConfig"] = {"Mode": mode}
    if applied := config.get("SnapStart", {}).get("ApplyOn"):
        told["SnapStart"] = {"ApplyOn": applied}
    if file_systems := config.get("FileSystemConfigs"):
        told["FileSystemConfigs"] = [dict(one) for one in file_systems]
    network = config.get("VpcConfig", {})
    if network.get("SubnetIds"):
        told["VpcConfig"] = {
            key: list(network[key]) for key in ("SubnetIds", "SecurityGroupIds") if key in network
        }
    if image := config.get("ImageConfigResponse", {}).get("ImageConfig"):
        told["ImageConfig"] = dict(image)
    logging = {
        key: value
        for key, value in config.get("LoggingConfig", {}).items()
        if (key, value)
        not in (("LogFormat", "Text"), ("LogGroup", f"/aws/lambda/{config['FunctionName']}"))
    }
    if logging:
        told["LoggingConfig"] = {"LogFormat": "Text", **logging}
    if tags := function.get("Tags"):
        told["Tags"] = dict(tags)
    return {key: value for key, value in told.items() if _DEFAULTS.get(key) != value}
