"""Read and change the settings of a function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook.functions.deploy import settle
from lambda_nb.notebook.workbench.actions.describing import reserved
from lambda_nb.notebook.workbench.actions.tools import Tools

_LEVELS = ("ApplicationLogLevel", "SystemLogLevel")


def read(tools: Tools, args: Mapping[str, Any]) -> dict[str, Any]:
    """``settings``: ``ISettings`` of a function."""
    client, name = tools.clients.client(), str(args["name"])
    return told(client.get_function_configuration(FunctionName=name)) | {
        "reserved": reserved(client, name)
    }


def told(config: Mapping[str, Any]) -> dict[str, Any]:
    """What Lambda tells as ``ISettings``, without the reserved concurrency."""
    return {
        "memory_mb": config.get("MemorySize", 128),
        "timeout_s": config.get("Timeout", 3),
        "ephemeral_storage_mb": config.get("EphemeralStorage", {}).get("Size", 512),
        "description": config.get("Description", ""),
        "handler": config.get("Handler", ""),
        "runtime": config.get("Runtime", ""),
        "environment": dict(config.get("Environment", {}).get("Variables", {})),
        "layers": [layer["Arn"] for layer in config.get("Layers", ())],
        "log_format": config.get("LoggingConfig", {}).get("LogFormat", "Text"),
    }


def update(tools: Tools, args: Mapping[str, Any]) -> dict[str, Any]:
    """``update_settings``: change what is given, wait until it is in use, and read it again.

    Raises
    ------
    ClientError
        Lambda refuses a value; its message says which. A refusal of the reserved concurrency leaves
        the other settings changed.
    """
    name, wanted = str(args["name"]), dict(args["settings"])
    client = tools.clients.client()
    config = client.get_function_configuration(FunctionName=name)
    present = told(config)
    changes = parameters(
        {key: value for key, value in wanted.items() if value != present.get(key, value)}, config
    )
    if changes:
        settle(client, name)
        client.update_function_configuration(FunctionName=name, **changes)
        settle(client, name)
    if "reserved" in wanted and wanted["reserved"] != reserved(client, name):
        if wanted["reserved"] is None:
            client.delete_function_concurrency(FunctionName=name)
        else:
            client.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=wanted["reserved"]
            )
    return read(tools, args)


def parameters(settings: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as parameters of ``UpdateFunctionConfiguration``; null changes nothing."""
    given = {key: value for key, value in settings.items() if value is not None}
    plain = {
        "memory_mb": "MemorySize",
        "timeout_s": "Timeout",
        "description": "Description",
        "handler": "Handler",
        "runtime": "Runtime",
        "layers": "Layers",
    }
    changes: dict[str, Any] = {aws: given[ours] for ours, aws in plain.items() if ours in given}
    if "ephemeral_storage_mb" in given:
        changes["EphemeralStorage"] = {"Size": given["ephemeral_storage_mb"]}
    if "environment" in given:
        changes["Environment"] = {"Variables": given["environment"]}
    if "log_format" in given:
        logging = dict(config.get("LoggingConfig", {}))
        if given["log_format"] == "Text":  # which has no levels
            for level in _LEVELS:
                logging.pop(level, None)
        changes["LoggingConfig"] = logging | {"LogFormat": given["log_format"]}
    return changes
