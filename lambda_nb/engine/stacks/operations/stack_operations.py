"""Operations that make, change and delete stacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.stacks.deploying.requests.statuses import already_exists, check_updatable
from lambda_nb.engine.stacks.deploying.stacks import Stacks
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.operations import asked_templates, lookup
from lambda_nb.engine.stacks.operations.asked_templates import Read
from lambda_nb.engine.stacks.operations.capabilities import check_capabilities
from lambda_nb.engine.stacks.operations.refusals import check_name, refuse_unsupported
from lambda_nb.engine.stacks.records.rows import Stack
from lambda_nb.engine.stacks.records.store import Store

_Asked = Mapping[str, Any]


class StackOperations:
    """Makes, changes and deletes stacks.

    Parameters
    ----------
    store
        The records.
    stacks
        Carries it out.
    read
        Reads templates in S3.
    """

    def __init__(self, store: Store, stacks: Stacks, read: Read) -> None:
        self._store = store
        self._stacks = stacks
        self._read = read

    def operations(self) -> dict[str, Callable[[_Asked], dict[str, Any]]]:
        """The handlers by the operations' names."""
        return {
            "CreateStack": self.create,
            "UpdateStack": self.update,
            "DeleteStack": self.delete,
            "CancelUpdateStack": self.cancel_update,
            "ContinueUpdateRollback": self.continue_rollback,
            "RollbackStack": self.roll_back,
            "SignalResource": self.signal,
            "UpdateTerminationProtection": self.protect,
            "SetStackPolicy": self.set_policy,
            "GetStackPolicy": self.get_policy,
        }

    def create(self, asked: _Asked) -> dict[str, Any]:
        """Begin to create a stack."""
        name, token = asked["StackName"], asked.get("ClientRequestToken")
        check_name(name)
        found = self._store.find_stack(name)
        if found is not None and token is not None and found.token == token:
            return {"StackId": found.id}
        if found is not None and found.status != "REVIEW_IN_PROGRESS":
            raise already_exists(name)
        refuse_unsupported(asked)
        if "DisableRollback" in asked and "OnFailure" in asked:
            raise validation_error("You can specify either DisableRollback or OnFailure, not both.")
        on_failure = "DO_NOTHING" if asked.get("DisableRollback") else "ROLLBACK"
        stack_id = found.id if found is not None else self._stacks.new_id(name)
        revision = self._stacks.prepared(
            name,
            stack_id,
            asked_templates.text(asked, self._read),
            asked_templates.given(asked),
            **asked_templates.settings(asked),
        )
        check_capabilities(revision)
        made = self._stacks.create(
            name,
            stack_id,
            revision,
            on_failure=asked.get("OnFailure", on_failure),
            timeout_minutes=asked.get("TimeoutInMinutes"),
            termination_protection=asked.get("EnableTerminationProtection", False),
            policy=self._policy(asked, "StackPolicy"),
            retain_except_on_create=asked.get("RetainExceptOnCreate", False),
            token=token,
        )
        return {"StackId": made.id}

    def update(self, asked: _Asked) -> dict[str, Any]:
        """Begin to update a stack."""
        stack = lookup.living(self._store, asked["StackName"])
        token = asked.get("ClientRequestToken")
        if token is not None and stack.token == token:
            return {"StackId": stack.id}
        refuse_unsupported(asked)
        check_updatable(stack)
        revision = self._stacks.prepared(
            stack.name,
            stack.id,
            asked_templates.text(asked, self._read, stack.revision),
            asked_templates.given(asked),
            **asked_templates.settings(asked, stack.revision),
        )
        check_capabilities(revision)
        self._stacks.update(
            stack,
            revision,
            on_failure="DO_NOTHING" if asked.get("DisableRollback") else "ROLLBACK",
            policy=self._policy(asked, "StackPolicy"),
            policy_during_update=self._policy(asked, "StackPolicyDuringUpdate"),
            retain_except_on_create=asked.get("RetainExceptOnCreate", False),
            token=token,
        )
        for one in self._store.change_sets(stack.id):
            if one.execution_status == "AVAILABLE":  # it was made for what the stack was before
                self._store.put_change_set(dataclasses.replace(one, execution_status="OBSOLETE"))
        return {"StackId": stack.id}

    def delete(self, asked: _Asked) -> dict[str, Any]:
        """Begin to delete a stack; one that does not exist is no error."""
        stack = self._store.find_stack(asked["StackName"])
        token = asked.get("ClientRequestToken")
        if stack is None or stack.deleted is not None:
            return {}
        if stack.termination_protection:
            raise validation_error(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        root = self._store.find_stack(stack.root_id) if stack.root_id else None
        if root is not None and root.termination_protection:
            raise validation_error(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled on "
                f"its root stack [{root.name}]"
            )
        retain = asked.get("RetainResources", ())
        force = asked.get("DeletionMode") == "FORCE_DELETE_STACK"
        if force and stack.status != "DELETE_FAILED":
            raise validation_error(
                f"Stack [{stack.name}] cannot be force deleted: it is in {stack.status} state, not "
                "in DELETE_FAILED."
            )
        self._stacks.delete(stack, retain=retain, force=force, token=token)
        return {}

    def cancel_update(self, asked: _Asked) -> dict[str, Any]:
        """Roll back an update that goes on."""
        stack = lookup.living(self._store, asked["StackName"])
        self._in_status(stack, ("UPDATE_IN_PROGRESS",), "CancelUpdateStack")
        self._stacks.cancel_update(stack, asked.get("ClientRequestToken"))
        return {}

    def continue_rollback(self, asked: _Asked) -> dict[str, Any]:
        """Go on with the rollback of an update, where it failed."""
        stack = lookup.living(self._store, asked["StackName"])
        if stack.root_id:
            raise validation_error(
                f"The rollback of the nested stack [{stack.name}] cannot be continued alone: "
                f"continue that of its root stack [{stack.root_id}]."
            )
        self._in_status(stack, ("UPDATE_ROLLBACK_FAILED",), "ContinueUpdateRollback")
        skip = asked.get("ResourcesToSkip", ())
        self._stacks.continue_rollback(stack, skip, asked.get("ClientRequestToken"))
        return {}

    def roll_back(self, asked: _Asked) -> dict[str, Any]:
        """Roll back a stack that was left as it failed."""
        stack = lookup.living(self._store, asked["StackName"])
        self._in_status(stack, ("CREATE_FAILED", "UPDATE_FAILED"), "RollbackStack")
        self._stacks.roll_back(
            stack,
            asked.get("ClientRequestToken"),
            retain_except_on_create=asked.get("RetainExceptOnCreate", False),
        )
        return {"StackId": stack.id}

    def signal(self, asked: _Asked) -> dict[str, Any]:
        """Signal a resource that waits for signals."""
        stack = lookup.living(self._store, asked["StackName"])
        logical_id = asked["LogicalResourceId"]
        if not stack.in_progress:
            raise validation_error(
                f"Stack {stack.id} is in {stack.status} state and can not be signaled"
            )
        lookup.resource(self._store, stack, logical_id)
        self._stacks.signal(stack, logical_id, asked["UniqueId"], asked["Status"])
        return {}

    def protect(self, asked: _Asked) -> dict[str, Any]:
        """Switch the protection against deletion on or off."""
        stack = lookup.living(self._store, asked["StackName"])
        if stack.root_id:
            raise validation_error(
                "Termination protection cannot be set on a nested stack: set it on its root stack "
                f"[{stack.root_id}]."
            )
        on = asked["EnableTerminationProtection"]
        self._store.change_stack(stack.id, termination_protection=on)
        return {"StackId": stack.id}

    def set_policy(self, asked: _Asked) -> dict[str, Any]:
        """Set a stack's policy."""
        stack = lookup.living(self._store, asked["StackName"])
        policy = self._policy(asked, "StackPolicy")
        if policy is None:
            raise validation_error("Either StackPolicyBody or StackPolicyURL must be specified.")
        self._stacks.set_policy(stack, policy)
        return {}

    def get_policy(self, asked: _Asked) -> dict[str, Any]:
        """A stack's policy."""
        stack = lookup.living(self._store, asked["StackName"])
        return {"StackPolicyBody": stack.policy}

    def _policy(self, asked: _Asked, member: str) -> str | None:
        body, url = asked.get(f"{member}Body"), asked.get(f"{member}URL")
        if body is not None and url is not None:
            raise validation_error(f"You cannot specify both {member}Body and {member}URL.")
        return self._read(url) if url is not None else body

    @staticmethod
    def _in_status(stack: Stack, wanted: tuple[str, ...], operation: str) -> None:
        if stack.status not in wanted:
            raise validation_error(
                f"{operation} cannot be called from current stack status: stack {stack.id} is in "
                f"{stack.status}, not in {' or '.join(wanted)}."
            )
