"""What tests of whole distributions share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from edge_site_lab import Site


@pytest.fixture
def site() -> Iterator[Site]:
    """An origin."""
    made = Site()
    yield made
    made.close()
