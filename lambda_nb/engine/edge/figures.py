"""How the edge tells CloudWatch of its figures."""

from __future__ import annotations

from collections.abc import Callable

NAMESPACE = "AWS/CloudFront"

Dimensions = tuple[tuple[str, str], ...]
Figure = Callable[[str, str, Dimensions, str, float, int], None]
"""Takes namespace, name, dimensions, unit, value and how often, for us-east-1:
``Metrics.service_figure``."""
