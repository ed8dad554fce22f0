"""A widget with a static form: what stays when its kernel is gone.

JupyterLab shows "model not found" for a widget whose kernel is gone, even if its output has HTML as
well. So a cell gets two outputs: the static form, and the widget. A style hides the one that is not
needed: the static form while a live view is on the page, else the place of the widget. It is a
matter of CSS alone, so it holds after saving, opening again, and ``jupyter nbconvert --to html``;
where styles are dropped too (GitHub, a notebook that is not trusted), the static form is there and
the widget is an empty line.
"""

from __future__ import annotations

import uuid
from typing import Any

LIVE_CLASS = "lnb-live"
"""A widget's element has this class once it shows something."""

_STYLE = (
    "<style>.jp-OutputArea-child:has([data-lnb-static='{name}'])"
    ":has(+ .jp-OutputArea-child .{live}){{display:none}}"
    ".jp-OutputArea-child:has([data-lnb-static='{name}'])+.jp-OutputArea-child:not(:has(.{live}))"
    "{{display:none}}</style>"
)


class StaticForm:
    """The static form of one widget, as an output of its own."""

    def __init__(self) -> None:
        self._name = uuid.uuid4().hex[:12]
        self._handle: Any = None
        self._alone = True

    def show(self, markup: str, text: str, widget: dict[str, Any] | None) -> None:
        """Display both outputs.

        Parameters
        ----------
        markup, text
            The static form, as HTML and as text.
        widget
            The MIME bundle of the widget; None if there is none.
        """
        from IPython import display as ipython

        display: Any = ipython.display
        self._alone = widget is None
        self._handle = display(self._bundle(markup, text), raw=True, display_id=self._name)
        if widget is not None:
            # Where widgets are not shown, the static form has said all.
            display({**widget, "text/plain": ""}, raw=True)

    def update(self, markup: str, text: str) -> None:
        """Replace the static form in the notebook, for when it is saved."""
        if self._handle is not None:
            self._handle.update(self._bundle(markup, text), raw=True)

    def _bundle(self, markup: str, text: str) -> dict[str, str]:
        style = "" if self._alone else _STYLE.format(name=self._name, live=LIVE_CLASS)
        html = f'{style}<div data-lnb-static="{self._name}">{markup}</div>'
        return {"text/plain": text, "text/html": html}
