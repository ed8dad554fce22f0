"""A response of a distribution, as a notebook shows it: also who answered, and from where."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from lambda_nb.notebook.web.response import Response
from lambda_nb.rules.edge.locations import LOCATIONS

_BY_CLOUDFRONT = " from cloudfront"
_HITS = ("Hit", "RefreshHit")
_OF_FUNCTIONS = (
    "LambdaExecutionError",
    "LambdaValidationError",
    "LambdaLimitExceeded",
    "FunctionExecutionError",
    "FunctionThrottledError",
    "FunctionValidationError",
)
_PAGE = re.compile(
    r"<H2>The request could not be satisfied\.</H2>\s*<HR[^>]*>\s*(.*?)"
    r"\s*(?:We can't connect to the server|<BR)",
    re.DOTALL,
)
"""CloudFront's own error page, and what it says; the rest is the same on each."""
_FAILED = re.compile(r":function:([\w-]+)")
_NO_LIST = (
    "is that key in the bucket? S3 answers 403 for what is not there, since CloudFront may not "
    "list the bucket"
)
_UNSIGNED = (
    "behind an access control a function's URL takes a body only with its hash: "
    "headers={'x-amz-content-sha256': hashlib.sha256(body).hexdigest()}"
)


class EdgeResponse:
    """What a distribution answered.

    Parameters
    ----------
    answer
        The response.
    viewer
        Where the viewer was said to be; empty: at the location.
    site
        The distribution's name.
    functions
        Those that may have made an error.
    """

    def __init__(
        self, answer: Response, viewer: str, site: str, functions: Sequence[str] = ()
    ) -> None:
        self.viewer = viewer
        self._answer = answer
        self._answer = replace(
            answer,
            told=(f"{self.cache} {self._where()}".strip(), f"age {self.age} s" if self.hit else ""),
            shown=self._page(),
            hint=self._hint(site, functions),
        )

    # -- the response

    @property
    def status(self) -> int:
        """HTTP status, such as 200."""
        return self._answer.status

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self._answer.ok

    @property
    def headers(self) -> Mapping[str, str]:
        """By name in lower case. Several of one name are joined by commas."""
        return self._answer.headers

    @property
    def cookies(self) -> list[str]:
        """The ``Set-Cookie`` headers."""
        return self._answer.cookies

    @property
    def content(self) -> bytes:
        """The body."""
        return self._answer.content

    @property
    def text(self) -> str:
        """The body as text."""
        return self._answer.text

    def json(self) -> Any:
        """The body as Python values.

        Raises
        ------
        NoJSONError
            It is no JSON: a ``ValueError``.
        """
        return self._answer.json()

    @property
    def url(self) -> str:
        """What was asked."""
        return self._answer.url

    @property
    def seconds(self) -> float:
        """From the request to the last byte of the response, a new connection included."""
        return self._answer.seconds

    @property
    def request_id(self) -> str:
        """The id of the request in the distribution's log, or empty."""
        return self.headers.get("x-amz-cf-id", "")

    # -- the edge

    @property
    def cache(self) -> str:
        """What CloudFront says in ``X-Cache``: ``Hit``, ``RefreshHit``, ``Miss``, ``Error`` ..."""
        return self.headers.get("x-cache", "").removesuffix(_BY_CLOUDFRONT)

    @property
    def by_function(self) -> bool:
        """Whether a function at the edge failed, or broke a rule."""
        return self.cache in _OF_FUNCTIONS

    @property
    def hit(self) -> bool:
        """Whether the cache had it."""
        return self.cache in _HITS

    @property
    def location(self) -> str:
        """The code of the location that answered, such as ``FRA``."""
        return self.headers.get("x-amz-cf-pop", "")[:3]

    @property
    def age(self) -> int:
        """Seconds for which the cache has had it; 0 if it came from the origin."""
        told = self.headers.get("age", "")
        return int(told) if told.isdecimal() else 0

    def _where(self) -> str:
        if not self.location:
            return ""
        place = LOCATIONS.get(self.location)
        city = self.location if place is None else place.city
        return f"at {city}, from {self.viewer}" if self.viewer else f"at {city}"

    def _page(self) -> str:
        """What CloudFront's own error page says; empty if the body is something else."""
        if self.ok or not self._answer.headers.get("content-type", "").startswith("text/html"):
            return ""
        found = _PAGE.search(self.text)
        return _short(html.unescape(found[1])) if found else ""

    def _hint(self, site: str, functions: Sequence[str]) -> str:
        if self.by_function:
            named = _FAILED.search(self._page())
            names = [named[1]] if named else functions or ["FUNCTION"]
            what = "its log" if self.cache == "LambdaValidationError" else "why"
            return f"{what}: " + " or ".join(f"%lambda logs {name} --edge {site}" for name in names)
        if self.status != HTTPStatus.FORBIDDEN or self._page():
            return ""
        if "<Code>AccessDenied</Code>" in self.text:
            return _NO_LIST
        if "request signature we calculated does not match" in self.text:
            return _UNSIGNED
        return ""

    def __repr__(self) -> str:
        return repr(self._answer)

    def _repr_html_(self) -> str:
        return self._answer._repr_html_()


def _short(said: str) -> str:
    """A page's sentences, with the error of a function in words instead of JSON."""
    start = said.find("{")
    if start < 0:
        return said
    try:
        error, end = json.JSONDecoder().raw_decode(said, start)
    except ValueError:
        return said
    words = f"{error.get('errorType', 'Error')}: {error.get('errorMessage', '')}."
    return said[:start] + words + said[end:]
