"""Run the tools of languages: pip, uv, npm, Bundler, Maven, Gradle, Go, make."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lambda_nb.projects.building.undebugged import undebugged
from lambda_nb.projects.errors import ProjectError

_INSTALL = {
    "npm": "Node.js's npm (Debian: apt-get install npm)",
    "gem": "Ruby (Debian: apt-get install ruby)",
    "bundle": "Bundler (Debian: apt-get install ruby-bundler)",
    "mvn": "Maven (Debian: apt-get install maven)",
    "gradle": "Gradle, or add its wrapper to the project: gradle wrapper",
    "go": "Go (Debian: apt-get install golang-go)",
    "make": "make (Debian: apt-get install make)",
    "cargo-lambda": "cargo-lambda (pip install cargo-lambda)",
    "cdk": "the CDK (npm install -g aws-cdk), or give the cdk.out of an earlier `cdk synth`",
    "chalice": "Chalice: pip install chalice",
}
_NOISE = re.compile(
    r"^npm (ERR!|error)\s*(A complete log.*|.*-debug-\d.*)?$"
    r"|^\[ERROR\]\s*((To see the full stack|Re-run Maven|For more information|\[Help).*)?$"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LINES = 8


class ToolError(ProjectError):
    """A tool failed; ``said`` is the end of its output."""

    def __init__(self, what: str, program: str, said: str) -> None:
        super().__init__(f"{what}: {program} failed:\n{said}")
        self.said = said


def tool(name: str, what: str) -> str:
    """The path of a program.

    Parameters
    ----------
    what
        What needs it, for the message.

    Raises
    ------
    ProjectError
        It is not on this machine.
    """
    found = shutil.which(name)
    if found is None:
        raise ProjectError(f"{what}: {name} is not on this machine; install {_INSTALL[name]}")
    return found


def run(
    command: Sequence[str],
    folder: Path,
    what: str,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a tool and return its standard output.

    Raises
    ------
    ToolError
        It fails; the message has the end of its output.
    """
    with undebugged():
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    if done.returncode:
        errors, output = (_COLOUR.sub("", text).strip() for text in (done.stderr, done.stdout))
        lines = (errors or output).splitlines()
        said = "\n".join([line for line in lines if not _NOISE.match(line)][-_LINES:])
        raise ToolError(what, Path(command[0]).name, said)
    return done.stdout
