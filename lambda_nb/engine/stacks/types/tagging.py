"""Tags of what a stack makes: the stack's own, then the resource's, in each service's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.stacks.model import Properties
from lambda_nb.engine.stacks.types.context import Context

_RESERVED = "aws:"


def tags_of(properties: Properties) -> dict[str, str]:
    """The tags that a resource's ``Tags`` give, which are a list or an object.

    Examples
    --------
    >>> tags_of({"Tags": [{"Key": "a", "Value": 1}]}), tags_of({"Tags": {"b": "2"}})
    ({'a': '1'}, {'b': '2'})
    """
    given = properties.get("Tags") or {}
    if isinstance(given, Mapping):
        return {str(key): str(value) for key, value in given.items()}
    return {str(one["Key"]): str(one.get("Value", "")) for one in given}


def own_tags(
    context: Context, properties: Properties, found: Mapping[str, str]
) -> list[dict[str, str]]:
    """The tags found on a resource, without those that its stack or CloudFormation gave it.

    Parameters
    ----------
    properties
        Of the resource: a tag that they give as well is its own.
    """
    given = tags_of(properties)
    return [
        {"Key": key, "Value": value}
        for key, value in found.items()
        if key in given or not (key.startswith(_RESERVED) or context.tags.get(key) == value)
    ]


@dataclass(frozen=True, slots=True)
class Tagging:
    """How a service writes tags.

    Parameters
    ----------
    key, value
        The names of a tag's parts in the service's lists; an empty ``key`` for services that
        take an object.
    reserved
        Whether the service here takes tags whose names begin with ``aws:``, as CloudFormation's
        own do.
    """

    key: str = "Key"
    value: str = "Value"
    reserved: bool = True

    def wanted(self, context: Context, properties: Properties) -> dict[str, str]:
        """The stack's tags and the resource's own, which win."""
        tags = {**context.tags, **tags_of(properties)}
        return {
            name: value
            for name, value in tags.items()
            if self.reserved or not name.startswith(_RESERVED)
        }

    def form(self, tags: Mapping[str, str]) -> Any:
        """Tags as the service's operations take them."""
        if not self.key:
            return dict(tags)
        return [{self.key: name, self.value: value} for name, value in tags.items()]

    def change(
        self,
        context: Context,
        old: Properties,
        new: Properties,
        put: Callable[[Any], object],
        remove: Callable[[list[str]], object],
    ) -> None:
        """Make a resource's tags those of its new properties.

        Parameters
        ----------
        put
            Gives the resource tags, in the service's form.
        remove
            Takes tags from it, by their names.
        """
        wanted = self.wanted(context, new)
        gone = sorted({*context.old_tags, *tags_of(old)} - set(wanted))
        if gone:
            remove(gone)
        if wanted:
            put(self.form(wanted))


LISTED = Tagging()
"""``[{"Key": ..., "Value": ...}]``, as most services have it."""

MAPPED = Tagging(key="")
"""``{name: value}``."""
