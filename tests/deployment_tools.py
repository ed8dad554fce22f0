"""Other people's deployment programs (SAM, CDK, Chalice, Serverless) against an engine.

They are looked for on ``PATH`` and below ``LAMBDA_NB_TOOLS`` (``/opt/tools``), which has
``npm/bin`` for npm's programs and ``NAME/bin`` for the virtual environment of one written in
Python. A test whose program is missing is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from engine_fixtures import Engine

TOOLS = Path(os.environ.get("LAMBDA_NB_TOOLS", "/opt/tools"))
_LIMIT_S = 400

Command = Callable[..., str]
"""Runs the program with some words; what it printed. ``typed``: what it reads from its user;
``fails=True``: it must fail."""


def command_for(program: str, engine: Engine, directory: Path) -> Command:
    """A program with nothing but the engine's address and keys in its environment.

    Skips the test where the program is missing.
    """
    places = [str(TOOLS / "npm" / "bin"), str(TOOLS / program / "bin"), os.environ["PATH"]]
    path = os.pathsep.join(places)
    found = shutil.which(program, path=path)
    if found is None:
        pytest.skip(f"{program} is neither on PATH nor below {TOOLS} (LAMBDA_NB_TOOLS)")
    keys = engine.keys
    environ = {
        **os.environ,
        "PATH": path,
        "NODE_PATH": str(TOOLS / "npm" / "lib" / "node_modules"),
        "AWS_ENDPOINT_URL": engine.url,
        "AWS_REGION": engine.region,
        "AWS_DEFAULT_REGION": engine.region,
        "AWS_ACCESS_KEY_ID": keys["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["aws_secret_access_key"],
        "CI": "1",
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(directory.with_name("sam-settings")),  # not the user's own
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        "SLS_TELEMETRY_DISABLED": "1",
        "SLS_NOTIFICATIONS_MODE": "off",
    }

    def run(*words: str, typed: str = "", fails: bool = False) -> str:
        done = subprocess.run(
            [found, *words],
            cwd=directory,
            env=environ,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout
        return done.stdout

    return run


def outputs(engine: Engine, stack: str) -> dict[str, str]:
    """The outputs of a stack by their keys."""
    (told,) = engine.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in told.get("Outputs", [])}


def asked(engine: Engine, url: str, *, authorization: str | None = None) -> tuple[int, bytes]:
    """What an API answers at the address that AWS would give it, asked at the engine's own."""
    parts = urlsplit(url)
    headers = {"Host": parts.netloc}
    if authorization is not None:
        headers["Authorization"] = authorization
    request = urllib.request.Request(f"{engine.url}{parts.path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def await_log(engine: Engine, function: str, *texts: str, within_s: float = 60.0) -> None:
    """Wait until a function's log has some texts."""
    logs = engine.client("logs")
    deadline = time.monotonic() + within_s
    missing = set(texts)
    while missing:
        assert time.monotonic() < deadline, f"the log of {function} lacks {missing}"
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{function}"
            )
            said = "\n".join(one["message"] for page in pages for one in page["events"])
        except logs.exceptions.ResourceNotFoundException:
            said = ""
        missing = {text for text in texts if text not in said}
        time.sleep(0.1 if missing else 0)
