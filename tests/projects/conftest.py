"""Shared by the tests of projects: folders from texts, a cache of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test builds, no other finds."""
    monkeypatch.setenv("LAMBDA_NB_HOME", str(tmp_path / "home"))
