"""A session that is closed starts no engine, however late somebody asks."""

from __future__ import annotations

import pytest

from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.errors import NotebookError


def test_closing_at_once_leaves_no_engine() -> None:
    session = Session()
    session.prepare()  # starts an engine in the background
    session.close()
    assert session._starting is None or not session._starting.join(30)
    assert not session.owns_engine
    with pytest.raises(NotebookError, match="%load_ext lambda_nb"):
        session.client()
