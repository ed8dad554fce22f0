"""Tags of API Gateway's resources."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request

MOST_TAGS = 50
"""Tags on one resource (Tagging best practices, 2026)."""

_MOST_KEY, _MOST_VALUE = 128, 256


def check(tags: Mapping[str, str]) -> None:
    """Refuse tags that a resource cannot have.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    if len(tags) > MOST_TAGS:
        raise bad_request(f"The number of tags exceeds the limit of {MOST_TAGS}")
    for key, value in tags.items():
        if not 0 < len(key) <= _MOST_KEY or len(value) > _MOST_VALUE:
            raise bad_request(
                f"A tag's key has 1 to {_MOST_KEY} characters, its value at most {_MOST_VALUE}: "
                f"{key}"
            )
        if key.lower().startswith("aws:"):
            raise bad_request(f"Tag keys must not begin with aws: {key}")
