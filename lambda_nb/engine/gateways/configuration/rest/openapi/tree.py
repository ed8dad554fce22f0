"""The tree of resources that an import builds."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Named
from lambda_nb.engine.gateways.configuration.rest.definition.resources import (
    Siblings,
    new_resource,
)


class Tree:
    """Resources by path, and below each other.

    Parameters
    ----------
    known
        The resources that there are, by id; new ones are added to it.
    before
        Those that there were, by id: a resource at the same path gets the id again.

    Attributes
    ----------
    by_path : dict of str to Record
        The resources by path, as they were when they were added.
    """

    def __init__(self, known: Named, before: Named) -> None:
        self._known = known
        self.by_path = {one["path"]: one for one in known.values()}
        self._ids = {one["path"]: one["id"] for one in before.values()}
        self._below: dict[str, Siblings] = {}
        for one in known.values():
            if "parentId" in one:
                self._siblings(one["parentId"]).add(one["pathPart"])

    def add(self, parent: Record, part: str) -> Record:
        """A new resource.

        Raises
        ------
        AWSError
            ``BadRequestException``: there can be no such resource.
        """
        siblings = self._siblings(parent["id"])
        siblings.check(part, parent)
        siblings.add(part)
        new = new_resource(parent, part)
        new["id"] = self._ids.get(new["path"], new["id"])
        self._known[new["id"]] = self.by_path[new["path"]] = new
        return new

    def _siblings(self, parent_id: str) -> Siblings:
        return self._below.setdefault(parent_id, Siblings())
