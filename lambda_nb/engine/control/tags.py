"""Tags of functions, event source mappings, code signing configurations, capacity providers."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_nb.engine.errors import invalid_parameter
from lambda_nb.rules import quotas


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse more than 50 tags."""
    if len(tags) > quotas.TAGS.value:
        raise invalid_parameter("Number of tags exceeds resource tag limit.")
