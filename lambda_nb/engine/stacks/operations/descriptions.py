"""Operations that tell of stacks: what they are, what they hold and what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.operations import lookup, paging, shown
from lambda_nb.engine.stacks.records.rows import Stack
from lambda_nb.engine.stacks.records.store import Store

_Asked = Mapping[str, Any]
_MOST_EVENTS = 100
_LIMITS = {"StackLimit": 2000, "StackOutputsLimit": 200, "ConcurrentResourcesLimit": 2500}
"""CloudFormation's user guide, "Understand CloudFormation quotas" (2026)."""


class Descriptions:
    """Tells of stacks.

    Parameters
    ----------
    store
        The records.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def operations(self) -> dict[str, Callable[[_Asked], dict[str, Any]]]:
        """The handlers by the operations' names."""
        return {
            "DescribeStacks": self.describe_stacks,
            "ListStacks": self.list_stacks,
            "DescribeStackEvents": self.describe_events,
            "DescribeEvents": self.describe_operation_events,
            "DescribeStackResource": self.describe_resource,
            "DescribeStackResources": self.describe_resources,
            "ListStackResources": self.list_resources,
            "ListExports": self.list_exports,
            "ListImports": self.list_imports,
            "DescribeAccountLimits": self.describe_limits,
        }

    def describe_stacks(self, asked: _Asked) -> dict[str, Any]:
        """One stack, or all that are not deleted."""
        name = asked.get("StackName")
        rows = [lookup.stack(self._store, name)] if name else self._store.stacks()
        return paging.paged([shown.stack(row) for row in rows], asked, "Stacks")

    def list_stacks(self, asked: _Asked) -> dict[str, Any]:
        """All stacks, deleted ones too, or those of some statuses."""
        wanted = asked.get("StackStatusFilter")
        rows = self._store.stacks(deleted=True)
        found = [shown.stack_summary(row) for row in rows if not wanted or row.status in wanted]
        return paging.paged(found, asked, "StackSummaries")

    def describe_events(self, asked: _Asked) -> dict[str, Any]:
        """The events of a stack, the newest first."""
        stack = lookup.stack(self._store, asked["StackName"], lookup.NAMED)
        rows, more = self._events(stack, asked)
        return {"StackEvents": [shown.event(row) for row in rows], "NextToken": more}

    def describe_operation_events(self, asked: _Asked) -> dict[str, Any]:
        """The same events in the form of DescribeEvents; ``Filters`` leaves the failed ones.

        With ``ChangeSetName``, what is wrong with the properties in a change set.
        """
        if asked.get("ChangeSetName"):
            found = lookup.change_set(self._store, asked["ChangeSetName"], asked.get("StackName"))
            return {"OperationEvents": shown.problem_events(found)}
        if asked.get("OperationId") or not asked.get("StackName"):
            raise validation_error(
                "lambda_nb tells events of a stack or of a change set: give StackName or "
                "ChangeSetName, and no OperationId."
            )
        stack = lookup.stack(self._store, asked["StackName"], lookup.NAMED)
        rows, more = self._events(stack, asked)
        only_failed = asked.get("Filters", {}).get("FailedEvents", False)
        told = []
        for row in rows:
            failed = row.status.endswith("FAILED")
            if only_failed and not failed:
                continue
            event = shown.event(row)
            del event["StackName"]
            event["EventType"] = "PROVISIONING_ERROR" if failed else "STACK_EVENT"
            told.append(event)
        return {"OperationEvents": told, "NextToken": more}

    def _events(self, stack: Stack, asked: _Asked) -> tuple[list[Any], str | None]:
        """One page of events, and the token of the next."""
        before = paging.start_of(asked) or None
        rows = self._store.events(stack.id, before=before, most=_MOST_EVENTS + 1)
        if len(rows) <= _MOST_EVENTS:
            return rows, None
        return rows[:_MOST_EVENTS], paging.token(rows[_MOST_EVENTS - 1].number)

    def describe_resource(self, asked: _Asked) -> dict[str, Any]:
        """One resource of a stack."""
        stack = lookup.stack(self._store, asked["StackName"], "Stack '{name}' does not exist")
        row = lookup.resource(self._store, stack, asked["LogicalResourceId"])
        return {"StackResourceDetail": shown.resource_detail(row, stack)}

    def describe_resources(self, asked: _Asked) -> dict[str, Any]:
        """Resources of a stack, or of the stack that a physical resource belongs to."""
        name, physical_id = asked.get("StackName"), asked.get("PhysicalResourceId")
        if bool(name) == bool(physical_id):
            raise validation_error(
                "One and only one of StackName or PhysicalResourceId must be specified."
            )
        stack = lookup.stack(self._store, name) if name else self._owner(str(physical_id))
        wanted = asked.get("LogicalResourceId")
        if wanted:
            lookup.resource(self._store, stack, wanted)
        rows = self._store.resources(stack.id).values()
        found = [row for row in rows if wanted in (None, "", row.logical_id)]
        return {"StackResources": [shown.resource(row, stack) for row in found[:_MOST_EVENTS]]}

    def _owner(self, physical_id: str) -> Stack:
        for stack in self._store.stacks():
            rows = self._store.resources(stack.id).values()
            if any(row.held.physical_id == physical_id for row in rows):
                return stack
        raise validation_error(f"Stack for {physical_id} does not exist")

    def list_resources(self, asked: _Asked) -> dict[str, Any]:
        """The resources of a stack."""
        stack = lookup.stack(self._store, asked["StackName"])
        rows = self._store.resources(stack.id).values()
        found = [shown.resource_summary(row) for row in rows]
        return paging.paged(found, asked, "StackResourceSummaries")

    def list_exports(self, asked: _Asked) -> dict[str, Any]:
        """All exported outputs."""
        rows = [
            {"ExportingStackId": one.stack_id, "Name": one.name, "Value": one.value}
            for one in self._store.exports()
        ]
        return paging.paged(rows, asked, "Exports")

    def list_imports(self, asked: _Asked) -> dict[str, Any]:
        """The stacks that import an export."""
        name = asked["ExportName"]
        if self._store.find_export(name) is None:
            raise validation_error(f"Export '{name}' does not exist.")
        importers = self._store.importers(name)
        if not importers:
            raise validation_error(f"Export '{name}' is not imported by any stack.")
        return paging.paged(importers, asked, "Imports")

    def describe_limits(self, asked: _Asked) -> dict[str, Any]:
        """CloudFormation's limits of an account. None of them is enforced here."""
        rows = [{"Name": name, "Value": value} for name, value in _LIMITS.items()]
        return paging.paged(rows, asked, "AccountLimits")
