"""What a new revision would change in a stack: for change sets, and to refuse empty updates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.deploying.journal import STACK_TYPE, Journal
from lambda_nb.engine.stacks.deploying.operations.deployment import outputs_of
from lambda_nb.engine.stacks.deploying.planning.entries import Cause, entry
from lambda_nb.engine.stacks.deploying.planning.plan import Change, is_unknown, planned
from lambda_nb.engine.stacks.deploying.preparing import (
    Preparing,
    check_same_types,
    problems,
    secrets_of,
    wanted,
)
from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.records.change_set_rows import Problem
from lambda_nb.engine.stacks.records.rows import Held, Revision, Stack
from lambda_nb.engine.stacks.records.store import Store
from lambda_nb.engine.stacks.templates.evaluation import Evaluation
from lambda_nb.engine.stacks.templates.resolution.dynamic_references import replaced
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.resource_type import ResourceType


class Comparison:
    """A stack beside a new revision of it.

    Parameters
    ----------
    store, journal, preparing
        The records, the events, the templates.
    find_type
        The class of a resource type.
    name, stack_id
        The stack's, which may not be there yet.
    stack
        The stack as it is; ``None`` if it has no resources yet.
    revision
        What it is asked to be.

    Raises
    ------
    AWSError
        ``ValidationError``: the revision cannot be evaluated.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        preparing: Preparing,
        name: str,
        stack_id: str,
        stack: Stack | None,
        revision: Revision,
    ) -> None:
        self._stack = stack
        self._revision = revision
        self._type_of = preparing.type_of
        self._evaluation: Evaluation = preparing.evaluation(name, stack_id, revision)
        rows = store.resources(stack.id) if stack is not None else {}
        self._dynamic = preparing.dynamic(stack_id)
        self._there: dict[str, Held] = {logical_id: row.held for logical_id, row in rows.items()}
        self._failed = any(row.status.endswith("_FAILED") for row in rows.values())
        check_same_types(self._there, self._evaluation)
        self._changes = planned(
            self._there,
            self._evaluation.dependencies,
            self._wanted,
            self._replacing,
            self._retagged,
        )
        of_rows = (frozenset(held.secrets) for held in self._there.values())
        self._secrets = secrets_of(revision).union(journal.secrets(stack_id), *of_rows)
        if stack is not None:
            self._secrets |= secrets_of(stack.revision)

    @property
    def entries(self) -> tuple[dict[str, Any], ...]:
        """The entries of a change set, by logical IDs."""
        found = sorted(self._changes, key=lambda change: change.logical_id)
        return tuple(entry(change, self._causes, self._secrets) for change in found)

    @property
    def nested(self) -> Iterator[tuple[str, str, Properties]]:
        """The nested stacks that are there and would change: logical and physical ID, and their
        properties, if all of these are known."""
        for change in self._changes:
            if change.old is None or change.new is None or change.new.type != STACK_TYPE:
                continue
            if change.replacement == "False" and not is_unknown(change.new.properties):
                yield change.logical_id, change.old.physical_id, change.new.properties

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the properties of resources that would be made or changed."""
        return tuple(
            Problem(change.logical_id, change.new.type, text)
            for change in self._changes
            if change.new is not None and change.touches
            for text in problems(self._type_of(change.new.type), change.new)
        )

    @property
    def empty(self) -> bool:
        """Whether nothing at all would change."""
        if self._changes or self._stack is None or self._failed:
            return False
        now = self._stack.revision
        if now.tags != self._revision.tags:
            return False
        if now.notification_arns != self._revision.notification_arns:
            return False
        made = {name: held.made for name, held in self._there.items()}
        try:
            return outputs_of(self._evaluation, made) == self._stack.outputs
        except AWSError:
            return False

    def _wanted(self, logical_id: str, made: Mapping[str, Made], unknown: frozenset[str]) -> Held:
        properties = self._evaluation.preview(logical_id, made, unknown)
        if logical_id in made:  # what was deployed has values in the place of references
            properties = replaced(properties, self._dynamic)
        return wanted(self._evaluation, logical_id, properties)

    def _replacing(self, type_name: str, old: Properties, new: Properties) -> set[str]:
        resource_type: ResourceType = self._type_of(type_name)
        return resource_type.replacing(old, new)

    def _retagged(self, type_name: str) -> bool:
        if self._stack is None or self._stack.revision.tags == self._revision.tags:
            return False
        return schemas.of(type_name).taggable

    def _causes(self, logical_id: str, name: str) -> Iterable[Cause]:
        changed = {change.logical_id: change for change in self._changes}
        for source in self._evaluation.sources(logical_id, name):
            about: Change | None = changed.get(source.entity.partition(".")[0])
            if source.kind == "ParameterReference" and not self._new_value(source.entity):
                continue
            if source.kind != "ParameterReference" and about is None:
                continue
            yield Cause(source.kind, source.entity)

    def _new_value(self, parameter: str) -> bool:
        if self._stack is None:
            return True
        old = {one.key: (one.value, one.resolved_value) for one in self._stack.revision.parameters}
        new = {one.key: (one.value, one.resolved_value) for one in self._revision.parameters}
        return old.get(parameter) != new.get(parameter)
