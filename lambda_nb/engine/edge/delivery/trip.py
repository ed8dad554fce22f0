"""One request on its way through a distribution."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from lambda_nb.engine.edge.cache.entries import Entry
from lambda_nb.engine.edge.locations.locations import Arrival
from lambda_nb.engine.edge.model import Outcome, Request, Response, Viewer, Visit
from lambda_nb.engine.edge.settings import Behaviour, Distribution
from lambda_nb.engine.edge.triggers.context import TriggerContext
from lambda_nb.engine.edge.viewer.narrowing import Reader


@dataclass
class Trip:
    """What the stages know of a request.

    Attributes
    ----------
    distribution
        Answers it.
    asked
        The request as the viewer made it.
    host
        As the viewer named it, with a port if it did.
    viewer, arrival
        Who asks, and from where.
    visit
        What the logs are told.
    http_version
        Such as ``HTTP/1.1``.
    tls
        Version and cipher; empty without TLS.
    behaviour
        Once it is chosen.
    hit, age
        The object of the cache that answers, and what ``Age`` said; ``None`` if the origin, or a
        function there, has a part in it.
    """

    distribution: Distribution
    asked: Request
    host: str
    viewer: Viewer
    arrival: Arrival
    visit: Visit
    http_version: str
    tls: tuple[str, str] = ("", "")
    behaviour: Behaviour | None = field(default=None)
    hit: Entry | None = None
    age: str = ""

    @property
    def site(self) -> str:
        """Protocol and host."""
        return f"{self.viewer.protocol}://{self.host}"

    @cached_property
    def context(self) -> TriggerContext:
        """What functions are told of it."""
        distribution = self.distribution
        return TriggerContext(distribution.id, distribution.domain.partition(":")[0], self.viewer)


@dataclass(slots=True)
class Obtained:
    """A response that a stage has, and how it came about.

    ``outcome`` is the word of ``X-Cache``. ``read`` reads parts of a body that need not come whole.
    """

    response: Response
    outcome: Outcome
    detail: str = ""
    read: Reader | None = None


def via(distribution: Distribution) -> str:
    """What a distribution writes into ``Via``."""
    return f"1.1 {distribution.id.lower()}.cloudfront.net (CloudFront)"
