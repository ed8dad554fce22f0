"""Finds out what a template would change: change sets before they are recorded."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.deploying.stacks import Stacks
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.operations import asked_templates
from lambda_nb.engine.stacks.operations.asked_templates import Read
from lambda_nb.engine.stacks.operations.capabilities import check_capabilities
from lambda_nb.engine.stacks.operations.change_sets import nested
from lambda_nb.engine.stacks.records.change_set_rows import ChangeSet
from lambda_nb.engine.stacks.records.rows import Revision, Stack
from lambda_nb.engine.stacks.templates.document import parsed
from lambda_nb.engine.stacks.templates.template import Template

_NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set."
)
"""Why a change set without changes fails: programs look for this text."""
_WRONG_PROPERTIES = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To "
    "troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure "
    "information."
)


class Drafts:
    """Drafts change sets.

    Parameters
    ----------
    stacks
        Compares what is there with what a template asks for.
    read
        Reads templates in S3.
    """

    def __init__(self, stacks: Stacks, read: Read) -> None:
        self._stacks = stacks
        self._read = read

    def made(self, stack: Stack, kind: str, asked: Mapping[str, Any]) -> list[ChangeSet]:
        """The change set that a request asks for, and after it those nested in it.

        Parameters
        ----------
        stack
            Its stack, which need not be recorded yet.
        kind
            ``CREATE`` or ``UPDATE``.
        asked
            The request's parameters.

        Raises
        ------
        AWSError
            What AWS answers at once. What it would find out later fails the change set.
        """
        previous = stack.revision if kind == "UPDATE" else None
        empty = _empty(stack, kind, asked)
        text = asked_templates.text(asked, self._read, previous)
        given = asked_templates.given(asked)
        if previous is None and None in given.values():
            raise validation_error(
                "Cannot specify UsePreviousValue on Parameters when ChangeSetType is CREATE"
            )
        try:
            revision = self._stacks.prepared(
                stack.name,
                stack.id,
                text,
                given,
                **asked_templates.settings(asked, previous),
            )
            check_capabilities(revision, reviewed=True)
            change_set = self._filled(empty, stack, revision)
        except AWSError as error:
            if not _fails_later(text, given, previous):
                raise
            template_only = dataclasses.replace(empty.revision, template=text)
            return [_failed(empty, error.message, revision=template_only)]
        if change_set.status == "FAILED" or previous is None or not change_set.include_nested:
            return [change_set]
        return nested.with_nested(change_set, stack, self._stacks)

    def _filled(self, change_set: ChangeSet, stack: Stack, revision: Revision) -> ChangeSet:
        old = stack if change_set.kind == "UPDATE" else None
        comparison = self._stacks.compared(old, revision, stack.name, stack.id)
        changes, problems = comparison.entries, comparison.problems
        if problems:
            why = _WRONG_PROPERTIES
            return _failed(change_set, why, revision=revision, changes=changes, problems=problems)
        if changes or old is None or not _is_same(old.revision, revision):
            return dataclasses.replace(change_set, revision=revision, changes=changes)
        return _failed(change_set, _NO_CHANGES, revision=revision)


def _empty(stack: Stack, kind: str, asked: Mapping[str, Any]) -> ChangeSet:
    place = stack.id.partition(":stack/")[0]
    name = asked["ChangeSetName"]
    return ChangeSet(
        id=f"{place}:changeSet/{name}/{uuid4()}",
        name=name,
        stack_id=stack.id,
        stack_name=stack.name,
        kind=kind,
        status="CREATE_COMPLETE",
        execution_status="AVAILABLE",
        revision=stack.revision,
        created=time.time(),
        description=asked.get("Description"),
        on_failure=asked.get("OnStackFailure"),
        include_nested=asked.get("IncludeNestedStacks", False),
        token=asked.get("ClientToken"),
    )


def _failed(change_set: ChangeSet, why: str, **more: Any) -> ChangeSet:
    return dataclasses.replace(
        change_set, status="FAILED", execution_status="UNAVAILABLE", reason=why, **more
    )


def _fails_later(text: str, given: Mapping[str, str | None], previous: Revision | None) -> bool:
    """Whether AWS finds out only after its answer that a template is wrong: it transforms it then.

    Raises
    ------
    AWSError
        ``ValidationError``: the template or its parameters are wrong even before transforms.
    """
    template = Template(parsed(text))
    if not template.transforms:
        return False
    before = {one.key: one.value for one in previous.parameters} if previous else {}
    template.texts(given, before)
    return True


def _is_same(old: Revision, new: Revision) -> bool:
    """Whether a revision asks for nothing else, outputs and tags included."""
    settings = ("parameters", "tags", "notification_arns", "role_arn")
    if any(getattr(old, name) != getattr(new, name) for name in settings):
        return False
    return old.processed == new.processed
