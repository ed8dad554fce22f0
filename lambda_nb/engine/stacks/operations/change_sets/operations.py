"""Operations on change sets: what an update would do, told before it is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.deploying.requests.statuses import check_updatable
from lambda_nb.engine.stacks.deploying.stacks import Stacks
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.operations import lookup, paging, shown
from lambda_nb.engine.stacks.operations.asked_templates import Read
from lambda_nb.engine.stacks.operations.change_sets import nested
from lambda_nb.engine.stacks.operations.change_sets.drafts import Drafts
from lambda_nb.engine.stacks.operations.refusals import check_name, refuse_unsupported
from lambda_nb.engine.stacks.records.change_set_rows import ChangeSet
from lambda_nb.engine.stacks.records.rows import Revision, Stack
from lambda_nb.engine.stacks.records.store import Store

_Asked = Mapping[str, Any]
_VALUES = ("BeforeContext", "AfterContext", "BeforeValue", "AfterValue", "BeforeValueFrom",
           "AfterValueFrom")  # fmt: skip


class ChangeSets:
    """Makes, shows, executes and deletes change sets.

    Parameters
    ----------
    store
        The records.
    stacks
        Carries them out.
    read
        Reads templates in S3.
    """

    def __init__(self, store: Store, stacks: Stacks, read: Read) -> None:
        self._store = store
        self._stacks = stacks
        self._drafts = Drafts(stacks, read)
        self._making = threading.Lock()

    def operations(self) -> dict[str, Callable[[_Asked], dict[str, Any]]]:
        """The handlers by the operations' names."""
        return {
            "CreateChangeSet": self.create,
            "DescribeChangeSet": self.describe,
            "DescribeChangeSetHooks": self.describe_hooks,
            "ExecuteChangeSet": self.execute,
            "DeleteChangeSet": self.delete,
            "ListChangeSets": self.list_all,
        }

    def create(self, asked: _Asked) -> dict[str, Any]:
        """Find out what a template would change."""
        kind = asked.get("ChangeSetType", "UPDATE")
        # ImportExistingResources is only a wish: a resource that exists fails the deployment.
        if kind == "IMPORT" or asked.get("ResourcesToImport"):
            raise validation_error(
                "lambda_nb does not import existing resources into stacks. Use the ChangeSetType "
                "CREATE or UPDATE."
            )
        if asked.get("DeploymentMode"):
            raise validation_error("lambda_nb does not revert drift. Leave DeploymentMode out.")
        check_name(asked["ChangeSetName"], "changeSetName")
        refuse_unsupported(asked)
        stack = self._stack_for(kind, asked)
        if (same := self._already(stack, asked)) is not None:
            return {"Id": same.id, "StackId": stack.id}
        made = self._drafts.made(stack, kind, asked)
        with self._making:
            if (same := self._already(stack, asked)) is not None:  # made meanwhile
                return {"Id": same.id, "StackId": stack.id}
            if self._store.find_stack(stack.id) is None:
                self._stacks.review(stack.name, stack.id)
            for one in made:
                self._store.put_change_set(one)
        return {"Id": made[0].id, "StackId": stack.id}

    def describe(self, asked: _Asked) -> dict[str, Any]:
        """A change set and what it would change."""
        found = self._named(asked)
        changes = list(found.changes)
        if not asked.get("IncludePropertyValues"):
            changes = [_without_values(one) for one in changes]
        page = paging.paged(changes, asked, "Changes")
        return {**shown.change_set(found, page["Changes"]), "NextToken": page.get("NextToken")}

    def describe_hooks(self, asked: _Asked) -> dict[str, Any]:
        """The hooks of a change set: there are none here."""
        found = self._named(asked)
        return {
            "ChangeSetId": found.id,
            "ChangeSetName": found.name,
            "StackId": found.stack_id,
            "StackName": found.stack_name,
            "Status": "UNAVAILABLE",
            "Hooks": [],
        }

    def execute(self, asked: _Asked) -> dict[str, Any]:
        """Carry a change set out."""
        found = self._named(asked)
        token = asked.get("ClientRequestToken")
        nested.check_root(found, "executed")
        if found.status != "CREATE_COMPLETE":
            raise _not_executable(found, f"current status of [{found.status}]")
        if found.execution_status != "AVAILABLE":
            text = f"current execution status of [{found.execution_status}]"
            raise _not_executable(found, text)
        stack = lookup.living(self._store, found.stack_id)
        on_failure = found.on_failure or "ROLLBACK"
        if asked.get("DisableRollback"):
            on_failure = "DO_NOTHING"
        more: dict[str, Any] = {
            "on_failure": on_failure,
            "retain_except_on_create": asked.get("RetainExceptOnCreate", False),
            "token": token,
            "change_set_id": found.id,
        }
        if found.kind == "CREATE":
            self._stacks.create(stack.name, stack.id, found.revision, **more)
        else:
            check_updatable(stack)
            self._stacks.update(stack, found.revision, **more)
        for other in self._store.change_sets(stack.id):
            if other.id != found.id:
                self._drop(other)
        return {}

    def delete(self, asked: _Asked) -> dict[str, Any]:
        """Forget a change set."""
        try:
            found = self._named(asked)
        except AWSError as error:
            if error.code == "ChangeSetNotFound":
                return {}
            raise
        if found.execution_status == "EXECUTE_IN_PROGRESS":
            text = f"ChangeSet [{found.id}] is being executed and cannot be deleted."
            raise AWSError("InvalidChangeSetStatus", text)
        nested.check_root(found, "deleted")
        self._drop(found)
        return {}

    def list_all(self, asked: _Asked) -> dict[str, Any]:
        """The change sets of a stack, but those that were carried out."""
        stack = lookup.living(self._store, asked["StackName"])
        rows = [
            shown.change_set_summary(one)
            for one in self._store.change_sets(stack.id)
            if one.execution_status != "EXECUTE_COMPLETE"
        ]
        return paging.paged(rows, asked, "Summaries")

    def _drop(self, change_set: ChangeSet) -> None:
        for one in (*self._store.change_sets_inside(change_set), change_set):
            self._store.drop_change_set(one.id)

    def _named(self, asked: _Asked) -> ChangeSet:
        return lookup.change_set(self._store, asked["ChangeSetName"], asked.get("StackName"))

    def _stack_for(self, kind: str, asked: _Asked) -> Stack:
        name = asked["StackName"]
        found = self._store.find_stack(name)
        if found is not None and found.deleted is not None:
            found = None
        if kind == "UPDATE":
            stack = lookup.living(self._store, name)
            check_updatable(stack)
            return stack
        if found is None:
            check_name(name)
            # Nothing is recorded until the template turns out to be one.
            empty = Revision("", "")
            stack_id = self._stacks.new_id(name)
            return Stack(stack_id, name, "REVIEW_IN_PROGRESS", empty, time.time())
        if found.status != "REVIEW_IN_PROGRESS":
            raise validation_error(
                f"Stack [{found.name}] already exists and cannot be created again with the "
                f"changeSet [{asked['ChangeSetName']}]."
            )
        return found

    def _already(self, stack: Stack, asked: _Asked) -> ChangeSet | None:
        """The change set that the same request made before; another of its name is refused."""
        name, token = asked["ChangeSetName"], asked.get("ClientToken")
        found = self._store.find_change_set(name, stack.id)
        if found is None or (token is not None and found.token == token):
            return found
        raise AWSError("AlreadyExistsException", f"ChangeSet [{name}] already exists")


def _not_executable(found: ChangeSet, why: str) -> AWSError:
    text = f"ChangeSet [{found.id}] cannot be executed in its {why}"
    return AWSError("InvalidChangeSetStatus", text)


def _without_values(value: Any) -> Any:
    """A change without property values, which are told only to who asks for them."""
    if isinstance(value, Mapping):
        return {key: _without_values(held) for key, held in value.items() if key not in _VALUES}
    if isinstance(value, (list, tuple)):
        return [_without_values(held) for held in value]
    return value
