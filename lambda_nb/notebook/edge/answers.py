"""A response of a distribution, as a notebook shows it: also who answered, and from where."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from lambda_nb.notebook.web.response import Response
from lambda_nb.rules.edge.locations import UnknownLocationError, location_of

_BY_CLOUDFRONT = " from cloudfront"
_HITS = ("Hit", "RefreshHit")


@dataclass(frozen=True, repr=False)
class EdgeResponse(Response):
    """What a distribution answered.

    Attributes
    ----------
    viewer
        Where the viewer was said to be; empty: at the location.
    site
        The distribution's name.
    """

    viewer: str = ""
    site: str = ""

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

    @property
    def request_id(self) -> str:
        """The id of the request in the distribution's log, or empty."""
        return self.headers.get("x-amz-cf-id", "")

    def _figures(self) -> list[str]:
        where = self._where()
        age = f"age {self.age} s" if self.hit else ""
        said = f"{self.cache} {where}".strip()
        return [*super()._figures(), said, age]

    def _where(self) -> str:
        if not self.location:
            return ""
        try:
            city = location_of(self.location).city
        except UnknownLocationError:
            city = self.location
        return f"at {city}, from {self.viewer}" if self.viewer else f"at {city}"

    def _body(self) -> str:
        kind = self.headers.get("content-type", "")
        if not kind.startswith("image/") or not self.content:
            return super()._body()
        data = base64.b64encode(self.content).decode()
        return f'<img src="data:{kind.split(";")[0]};base64,{data}" style="max-width:100%">'

    def _hint(self) -> str:
        if self.cache in ("LambdaExecutionError", "LambdaValidationError", "LambdaLimitExceeded"):
            return f"why: %lambda logs FUNCTION --edge {self.site} --last 5min"
        return ""
