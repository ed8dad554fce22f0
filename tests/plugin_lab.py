"""Runs pytest in a process of its own, with the plugin as it is in this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

_INSTALLED = bool(entry_points(group="pytest11", name="lambda_nb"))
_CHECKOUT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: counts of tests, and all that it printed."""

    passed: int
    failed: int
    errors: int
    text: str

    def check(self, *, passed: int = 0, failed: int = 0, errors: int = 0) -> None:
        """Fail with what the run printed unless the counts are these."""
        counts = (self.passed, self.failed, self.errors)
        assert counts == (passed, failed, errors), self.text


def command(directory: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs a directory's tests, and its environment."""
    loaded = [] if _INSTALLED else ["-p", "lambda_nb.testing.plugin"]
    environ = {**os.environ, "PYTHONPATH": str(_CHECKOUT)}
    for name in [name for name in environ if name.startswith(("PYTEST_", "COV_"))]:
        del environ[name]
    report = f"--junitxml={directory / 'report.xml'}"
    own = ["-p", "no:cacheprovider", "-W", "error", report, f"--rootdir={directory}"]
    return [sys.executable, "-m", "pytest", *loaded, *own, *arguments], environ


def run(
    directory: Path,
    files: Mapping[str, str],
    *arguments: str,
    environ: Mapping[str, str] | None = None,
) -> Outcome:
    """Write a project's files and run its tests; warnings are errors, as in this project's own."""
    for name, text in {"pytest.ini": "[pytest]\n", **files}.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(textwrap.dedent(text))
    line, inherited = command(directory, *arguments)
    done = subprocess.run(
        line,
        cwd=directory,
        env={**inherited, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=110,
    )
    text = done.stdout + done.stderr
    report = directory / "report.xml"
    if not report.exists():
        return Outcome(0, 0, 1, text)
    suite = ElementTree.parse(report).getroot()[0]
    total, failed, errors = (int(suite.get(name, 0)) for name in ("tests", "failures", "errors"))
    skipped = int(suite.get("skipped", 0))
    return Outcome(total - failed - errors - skipped, failed, errors, text)
