"""binder/ as mybinder.org would take it: repo2docker reads it, and its steps lead to a result."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def test_repo2docker_takes_binder_as_it_is() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--no-run", "--debug", str(ROOT)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    dockerfile = done.stdout + done.stderr
    steps = [
        'pip install --no-cache-dir -r "binder/requirements.txt"',
        "RUN ./binder/postBuild",
        'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
    ]
    places = [dockerfile.find(step) for step in steps]
    assert "ruby" in dockerfile[: places[0]].split("apt-get -qq install")[-1].split()
    assert -1 not in places, dict(zip(steps, places, strict=True))
    assert places == sorted(places)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("taskset") is None or not Path("/usr/bin/python3").exists(),
    reason="only root can become an ordinary user; needs taskset and /usr/bin/python3",
)
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git (apt-get install git)")
def test_an_ordinary_user_without_namespaces_gets_a_first_result() -> None:
    """In a copy of the project, with the base image's versions, on one CPU."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "check-binder.py"), "--no-limits"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "isolation        L1" in done.stdout or "isolation        L0" in done.stdout
    assert "{'pi': 3." in done.stdout
