"""What a cell would show: the MIME bundles that a value displays."""

from __future__ import annotations

from typing import Any

import IPython.display
import pytest


def bundles(view: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Display a value and return what would have gone to the page, in order."""
    sent: list[dict[str, Any]] = []
    with monkeypatch.context() as patched:
        patched.setattr(IPython.display, "display", lambda bundle, **_: sent.append(bundle))
        view._ipython_display_()
    return sent
