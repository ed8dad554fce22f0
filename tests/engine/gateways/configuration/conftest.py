"""What tests of API Gateway's configuration share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_gateway_console import Console


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """A console with nothing configured; ``rest`` is a REST API with the stage ``live``."""
    made = Console(
        tmp_path / "apis.sqlite", lambda api_id, stage: api_id == "rest" and stage in ("", "live")
    )
    yield made
    made.store.close()
