"""Shared by the tests of projects: folders from texts, a cache of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_fixtures import Engine
from project_reports import Told

from lambda_nb.projects.endpoint import Endpoint


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test builds, no other finds."""
    monkeypatch.setenv("LAMBDA_NB_HOME", str(tmp_path / "home"))


@pytest.fixture
def endpoint(engine: Engine) -> Iterator[Endpoint]:
    made = Endpoint(url=engine.url, credentials=engine.credentials_file)
    yield made
    made.close()


@pytest.fixture
def told() -> Told:
    return Told()
