"""One application for all tests of a module."""

from __future__ import annotations

import pytest
from engine_fixtures import Engine
from exports_lab import Sample


@pytest.fixture(scope="module")
def sample(engine: Engine) -> Sample:
    """An application that has run."""
    return Sample(engine)
