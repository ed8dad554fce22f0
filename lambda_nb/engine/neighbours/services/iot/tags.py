"""Tags of AWS IoT's resources, which moto takes and forgets."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations
from lambda_nb.engine.neighbours.services.iot.operations import Parameters, kept

_MOST = 50
"""Tags of one resource (AWS general reference, "Tag naming and usage conventions")."""


def install() -> None:
    """Add the operations of tags."""
    operations.install(
        {
            "TagResource": _tag,
            "UntagResource": _untag,
            "ListTagsForResource": _list,
        }
    )


def keep(backend: Any, arn: str, given: Any) -> None:
    """Keep the tags that a new resource was given, as a list of keys and values."""
    if given:
        if len(given) > _MOST:
            raise operations.invalid(f"A resource has at most {_MOST} tags.")
        named = {tag["Key"]: tag.get("Value", "") for tag in given}
        kept(backend, "tags").setdefault(arn, {}).update(named)


def forget(backend: Any, arn: str) -> None:
    """Forget the tags of a resource that is deleted."""
    kept(backend, "tags").pop(arn, None)


def _tag(backend: Any, given: Parameters) -> None:
    keep(backend, given["resourceArn"], given["tags"])


def _untag(backend: Any, given: Parameters) -> None:
    tags = kept(backend, "tags").get(given["resourceArn"], {})
    for key in given["tagKeys"]:
        tags.pop(key, None)


def _list(backend: Any, given: Parameters) -> dict[str, Any]:
    tags = kept(backend, "tags").get(given["resourceArn"], {})
    return {"tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
