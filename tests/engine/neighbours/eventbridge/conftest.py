"""Fixtures of the tests of EventBridge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eventbridge_lab import Endpoint


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An HTTP endpoint that records."""
    server = Endpoint()
    yield server
    server.close()
