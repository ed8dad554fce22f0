"""What a function at the edge is told beside the request."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_nb.engine.edge.model import Viewer


@dataclass(frozen=True, slots=True)
class TriggerContext:
    """Which distribution answers, and who asked it.

    ``distribution_domain`` is the domain name as CloudFront's API states it, such as
    ``d111111abcdef8.cloudfront.net``.
    """

    distribution_id: str
    distribution_domain: str
    viewer: Viewer
