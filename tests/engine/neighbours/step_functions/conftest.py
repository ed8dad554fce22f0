"""The lab of the folder's engine."""

from __future__ import annotations

import pytest
from engine_fixtures import Engine
from states_lab import Lab


@pytest.fixture
def lab(engine: Engine) -> Lab:
    """State machines of the shared engine."""
    return Lab(engine)
