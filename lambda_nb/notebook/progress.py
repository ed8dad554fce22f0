"""A progress bar that is plain HTML: no widget, so it is still there in a saved notebook."""

from __future__ import annotations

import time
from typing import Any

from lambda_nb.notebook import display

_EVERY_S = 0.2


class ProgressOutput:
    """A bar below the running cell.

    Parameters
    ----------
    name
        What makes progress.
    total
        How many steps there are.
    """

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total = name, total
        self._done = 0
        self._began = self._shown = time.monotonic()
        self._ended = False
        from IPython import display as ipython

        show: Any = ipython.display
        self._handle: Any = show(self._bundle(), raw=True, display_id=True)

    def update(self, steps: int = 1) -> None:
        """Some steps are done."""
        self._done += steps
        if time.monotonic() - self._shown >= _EVERY_S:
            self._show()

    def close(self) -> None:
        """Show how far it came; nothing moves any more."""
        if not self._ended:
            self._ended = True
            self._show()

    def _show(self) -> None:
        self._shown = time.monotonic()
        if self._handle is not None:
            self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        passed = time.monotonic() - self._began
        told = f"{self._done:,} of {self._total:,} in {display.span(round(passed, 1))}"
        if not self._ended and 0 < self._done < self._total:
            left = passed / self._done * (self._total - self._done)
            told += f", about {display.span(round(left) or 1)} left"
        bar = (
            f'<progress value="{self._done}" max="{self._total}" '
            f'aria-label="{display.escaped(self._name)}"></progress>'
        )
        line = display.line(display.bold(self._name), bar, display.dim(told))
        return {"text/plain": f"{self._name}: {told}", "text/html": display.card(line)}
