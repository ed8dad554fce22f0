"""For editors: the address of a function's debugger, and VS Code's launch configuration."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import tempfile
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.clients import engine_status
from lambda_nb.notebook.errors import NotebookError, aws_errors
from lambda_nb.projects.endpoint import is_aws

_STATES = {
    "waiting": "it starts with the next event",
    "running": "its environment runs",
    "stopped": "stopped now",
}


def configuration(client: Any, name: str) -> display.Shown:
    """How an editor attaches to a function that runs under a debugger.

    The function's code is written to a folder, so that the editor can open it and set breakpoints.

    Parameters
    ----------
    client
        A boto3 Lambda client of the endpoint.
    name
        The function.

    Raises
    ------
    NotebookError
        It does not run under a debugger.
    """
    row = _row(client, name)
    folder = _unpacked(client, name)
    told = launch(row, folder)
    text = json.dumps(told, indent=2)
    address = f"{row['host']}:{row['port']}"
    state = _STATES.get(row["state"], row["state"])
    other = " · another debugger is attached" if row["attached"] else ""
    lines = [f"{name} · {row['language']} · {address} (Debug Adapter Protocol) · {state}{other}"]
    lines.append(f"its code, to set breakpoints in: {folder}")
    lines.append('VS Code, .vscode/launch.json, in "configurations":')
    html = display.card(
        display.line(
            display.bold(name),
            display.dim(f"{row['language']} · {address} (Debug Adapter Protocol)"),
            display.dim(state + other),
        ),
        *(display.line(display.dim(words)) for words in lines[1:]),
        display.code(text),
    )
    return display.Shown("\n".join([*lines, text]), html)


def launch(row: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A configuration of VS Code's launch.json for a session of the engine."""
    if row["language"] == "node":  # VS Code's own debugger would look for the inspector there
        return {
            "name": f"Lambda: {row['function']}",
            "type": "node",
            "request": "attach",
            "debugServer": row["port"],
            "token": row["token"],
            "localRoot": str(folder),
            "remoteRoot": row["root"],
        }
    return {
        "name": f"Lambda: {row['function']}",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": row["host"], "port": row["port"]},
        "token": row["token"],
        "justMyCode": True,
        "pathMappings": [{"localRoot": str(folder), "remoteRoot": row["root"]}],
    }


def _row(client: Any, name: str) -> dict[str, Any]:
    if is_aws(client):
        raise NotebookError("AWS has no debugger: %lambda connect local, then run the cell again")
    told = engine_status(client, f"debug?{urlencode({'function': name})}")
    if told is None:
        raise NotebookError(
            "the endpoint is no lambda_nb engine of this version: no debugger there"
        )
    rows: list[dict[str, Any]] = told.get("sessions", [])
    if not rows:
        raise NotebookError(f"{name} runs without a debugger: %%lambda {name} --debug starts one")
    if rows[0]["problem"]:
        raise NotebookError(f"{name}: {rows[0]['problem']}")
    return rows[0]


def _unpacked(client: Any, name: str) -> Path:
    """A folder with the function's package, for the editor to open."""
    with aws_errors():
        location = client.get_function(FunctionName=name)["Code"]["Location"]
    with urllib.request.urlopen(location, timeout=30) as answer:  # noqa: S310  (the engine's own)
        package = zipfile.ZipFile(io.BytesIO(answer.read()))
    top = Path(tempfile.gettempdir()) / f"lambda_nb-debug-{os.getuid()}"
    top.mkdir(mode=0o700, exist_ok=True)
    found = top.lstat()  # a link may lead anywhere
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise NotebookError(f"{top} is no folder of yours; remove it, or set TMPDIR")
    folder = top / name
    shutil.rmtree(folder, ignore_errors=True)
    package.extractall(folder)
    return folder
