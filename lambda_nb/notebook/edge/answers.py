"""A response of a distribution, as a notebook shows it: also who answered, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambda_nb.notebook.web.response import Response
from lambda_nb.rules.edge.locations import LOCATIONS

_BY_CLOUDFRONT = " from cloudfront"
_HITS = ("Hit", "RefreshHit")
_OF_FUNCTIONS = ("LambdaExecutionError", "LambdaValidationError", "LambdaLimitExceeded")


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
    """

    def __init__(self, answer: Response, viewer: str, site: str) -> None:
        self.viewer = viewer
        self._answer = answer
        why = f"why: %lambda logs FUNCTION --edge {site} --last 5min"
        self._answer = replace(
            answer,
            told=(f"{self.cache} {self._where()}".strip(), f"age {self.age} s" if self.hit else ""),
            hint=why if self.cache in _OF_FUNCTIONS else "",
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
        ValueError
            It is no JSON.
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

    def __repr__(self) -> str:
        return repr(self._answer)

    def _repr_html_(self) -> str:
        return self._answer._repr_html_()
