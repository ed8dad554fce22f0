"""An HTTP response as a notebook shows it."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.errors import NoJSONError

_SHOWN = 4000
"""Characters of a body that a notebook shows."""
_IDS = ("x-amz-cf-id", "apigw-requestid", "x-amzn-requestid", "x-amz-apigw-id")
_SERVER_ERROR = 500


@dataclass(frozen=True, repr=False)
class Response:
    """What a function answered over HTTP.

    Attributes
    ----------
    method, url
        What was asked.
    status
        HTTP status, such as 200.
    headers
        By name in lower case. Several of one name are joined by commas.
    cookies
        The ``Set-Cookie`` headers.
    content
        The body.
    seconds
        From the request to the last byte of the response.
    function
        The function that was asked.
    told
        Figures that are shown as well.
    hint
        What to do about an error; empty: read the log of ``function``.
    shown
        What a display shows instead of the body; empty: the body.
    """

    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    seconds: float
    function: str = ""
    cookies: list[str] = field(default_factory=list)
    told: tuple[str, ...] = ()
    hint: str = ""
    shown: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status < HTTPStatus.BAD_REQUEST

    @property
    def reason(self) -> str:
        """The name of the status: ``OK``, ``Not Found``."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return ""

    @property
    def text(self) -> str:
        """The body as text, by the character set of its content type (default UTF-8)."""
        _, _, charset = self.headers.get("content-type", "").partition("charset=")
        try:
            return self.content.decode(charset.split(";")[0].strip(" \"'") or "utf-8", "replace")
        except LookupError:
            return self.content.decode(errors="replace")

    def json(self) -> Any:
        """The body as Python values.

        Raises
        ------
        NoJSONError
            It is no JSON: a ``ValueError``.
        """
        try:
            return json.loads(self.content)
        except ValueError:
            kind = self.headers.get("content-type", "of no type")
            raise NoJSONError(
                f"{self.status} {self.reason}: the body ({kind}) is no JSON, it begins with "
                f"{self.text[:40]!r}; .text and .content have it"
            ) from None

    @property
    def request_id(self) -> str:
        """The id of the request in the gateway's logs, or empty."""
        return next((self.headers[name] for name in _IDS if name in self.headers), "")

    def _figures(self) -> list[str]:
        kind = self.headers.get("content-type", "").split(";")[0]
        size = display.size(len(self.content))
        return [display.milliseconds(self.seconds * 1000), size, kind, *self.told]

    def _shown(self) -> str:
        if self.shown:
            return self.shown
        if b"\0" in self.content[:_SHOWN]:
            return ""  # no text
        try:
            text = json.dumps(self.json(), indent=2, ensure_ascii=False)
        except ValueError:
            text = self.text
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\n… {len(text):,} characters"

    def _body(self) -> str:
        kind = self.headers.get("content-type", "").split(";")[0]
        if not kind.startswith("image/") or not self.content:
            return display.code(self._shown()) if self.content else ""
        data = base64.b64encode(self.content).decode()
        return f'<img src="data:{html.escape(kind)};base64,{data}" style="max-width:100%">'

    def _hint(self) -> str:
        if self.status < _SERVER_ERROR or not self.function:
            return self.hint
        return f"why: %lambda logs {self.function} --last 5min"

    def __repr__(self) -> str:
        figures = [figure for figure in self._figures() if figure]
        head = f"{self.status} {self.reason}".strip()
        first = " · ".join([f"{self.method} {self.url}", head, *figures])
        return "\n".join(filter(None, [first, self._shown(), self._hint()]))

    def _repr_html_(self) -> str:
        kind = "ok" if self.ok else "error" if self.status >= _SERVER_ERROR else "cold"
        headers = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return display.card(
            display.line(
                display.bold(self.method),
                html.escape(self.url),
                display.tag(f"{self.status} {self.reason}".strip(), kind),
                *map(display.dim, self._figures()),
            ),
            self._body(),
            display.folded("headers", headers),
            display.line(display.dim(self._hint()), display.dim(_request(self.request_id))),
        )


def _request(request_id: str) -> str:
    return f"request {request_id}" if request_id else ""
