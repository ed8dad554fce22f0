"""Makes a stack's resources what its template wants: the first part of creations and updates."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.deploying.operations.run import Run
from lambda_nb.engine.stacks.deploying.planning import stack_policies
from lambda_nb.engine.stacks.deploying.planning.plan import Change, compared, same, with_tags
from lambda_nb.engine.stacks.deploying.preparing import problems, wanted
from lambda_nb.engine.stacks.deploying.steps.resources import Resources
from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.records.rows import Held, Output, StackResource
from lambda_nb.engine.stacks.templates import properties_check
from lambda_nb.engine.stacks.templates.evaluation import Evaluation
from lambda_nb.engine.stacks.types import finding, schemas


class DeploymentError(Exception):
    """A deployment failed as a whole; the message is the reason of the rollback."""


class Deployment:
    """One walk through a template.

    Parameters
    ----------
    run
        The operation.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._stack = run.stack
        self._evaluation = self._evaluated()
        self._resources: Resources = run.resources()
        self._rows = run.rows
        self._made: dict[str, Made] = {
            name: row.held.made for name, row in self._rows.items() if row.held.physical_id
        }
        operation = self._stack.operation
        self._policy = operation.get("policy") or self._stack.policy
        self._patient = operation.get("on_failure") == "DO_NOTHING"
        before = self._stack.before
        self._retagged = before is not None and before.tags != self._stack.revision.tags

    @property
    def wanted(self) -> frozenset[str]:
        """Logical IDs of the resources that the template wants."""
        return frozenset(self._evaluation.declared)

    def carry_out(self, complete: Callable[[], None]) -> None:
        """Make and change resources, then evaluate the outputs.

        Parameters
        ----------
        complete
            Records that the stack is complete: together with the outputs, or not at all.

        Raises
        ------
        DeploymentError
            Something failed, or the operation was cancelled.
        """
        run = self._run
        self._import()
        run.walk(self._evaluation.dependencies, self._one, patient=self._patient)
        done = self._deployed()
        if run.cancelled or len(done) < len(self._evaluation.declared):
            raise DeploymentError(run.why_cancelled or "")
        outputs = self._outputs()
        if not run.settle():
            raise DeploymentError(run.why_cancelled or "")
        with run.store.together():
            self._export(outputs)
            run.store.change_stack(run.stack_id, outputs=outputs)
            complete()

    def _deployed(self) -> list[str]:
        failed = ("_FAILED", "_IN_PROGRESS")
        rows = self._run.rows
        return [
            name
            for name in self._evaluation.declared
            if name in rows and not rows[name].status.endswith(failed)
        ]

    def _evaluated(self) -> Evaluation:
        try:
            return self._run.parts.preparing.evaluation(
                self._stack.name, self._stack.id, self._stack.revision
            )
        except AWSError as error:
            raise DeploymentError(error.message) from error

    def _import(self) -> None:
        store = self._run.store
        try:
            names = self._evaluation.imports()
        except AWSError as error:
            raise DeploymentError(error.message) from error
        with store.together():  # no export goes while its import is noted
            missing = [name for name in sorted(names) if not self._importable(name)]
            if missing:
                raise DeploymentError(f"No export named {missing[0]} found. ")
            store.set_imports(self._stack.id, frozenset(names))

    def _importable(self, name: str) -> bool:
        found = self._run.store.find_export(name)
        if found is None:
            return False
        return self._run.store.stack(found.stack_id).status != "DELETE_IN_PROGRESS"

    def _one(self, logical_id: str) -> bool:
        row = self._rows.get(logical_id)
        if row is not None and row.step == "replace" and row.status == "UPDATE_FAILED":
            row = self._resources.take_back(row)
            if row is None:
                return False
        missing = row is None or not row.held.physical_id
        failed = "CREATE_FAILED" if missing else "UPDATE_FAILED"
        declared = self._evaluation.declared[logical_id]
        try:
            made = dict(self._made)
            properties = self._evaluation.properties(logical_id, made)
            new = dataclasses.replace(
                wanted(self._evaluation, logical_id, properties),
                secrets=self._secrets_in(properties),
            )
            creation_policy = self._evaluation.resolved(declared.creation_policy, made) or None
        except AWSError as error:
            bare = wanted(self._evaluation, logical_id, {})
            self._resources.recording.fail(logical_id, bare, failed, Refused(error.message))
            return False
        if row is None or not same(row.held.properties, properties):
            wrong = problems(self._resources.type_of(new.type), new)
            if wrong:
                why = Refused(properties_check.failure(logical_id, wrong))
                self._resources.recording.fail(logical_id, new, failed, why)
                return False
        if row is None or not row.held.physical_id or row.status == "CREATE_FAILED":
            if row is not None and not self._resources.discard(row):
                return False  # else nobody would know any more of what was half made
            done = self._resources.create(logical_id, new, creation_policy)
        else:
            done = self._changed(row, new, creation_policy)
        if done:
            now = self._run.store.resource(self._stack.id, logical_id)
            assert now is not None
            self._made[logical_id] = now.held.made
        return done

    def _secrets_in(self, properties: Properties) -> tuple[str, ...]:
        secrets = self._run.parts.journal.secrets(self._stack.id)
        if not secrets:
            return ()
        text = json.dumps(properties, default=str)
        return tuple(sorted(one for one in secrets if json.dumps(one)[1:-1] in text))

    def _changed(self, row: StackResource, new: Held, creation_policy: Properties | None) -> bool:
        change = compared(row.logical_id, row.held, new, self._replacing)
        if self._retagged and schemas.of(new.type).taggable:
            change = with_tags(change, row.logical_id, row.held, new)
        again = row.status.endswith(("_FAILED", "_IN_PROGRESS"))
        if change is None and again:
            change = Change("Modify", row.logical_id, row.held, new, "False", scope=("Properties",))
        if change is None or not change.touches:
            self._resources.keep_record(row, new)
            return True
        denied = self._denial(change, new)
        if denied is not None:
            self._resources.recording.fail(row.logical_id, new, "UPDATE_FAILED", Refused(denied))
            return False
        if change.replaces and (name := _kept_name(change)):
            why = Refused(
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {name} and update the stack again."
            )
            self._resources.recording.fail(row.logical_id, new, "UPDATE_FAILED", why)
            return False
        if change.replaces:
            return self._resources.replace(row, new, creation_policy)
        return self._resources.modify(row, new)

    def _denial(self, change: Change, new: Held) -> str | None:
        action = "Update:Replace" if change.replaces else "Update:Modify"
        return stack_policies.denial(self._policy, action, change.logical_id, new.type)

    def removal_denied(self, row: StackResource) -> str | None:
        """Why the stack policy does not let a resource be deleted."""
        return stack_policies.denial(self._policy, "Update:Delete", row.logical_id, row.held.type)

    def _replacing(self, type_name: str, old: Properties, new: Properties) -> set[str]:
        return self._resources.type_of(type_name).replacing(old, new)

    def _outputs(self) -> tuple[Output, ...]:
        try:
            return outputs_of(self._evaluation, dict(self._made))
        except AWSError as error:
            raise DeploymentError(f"{error.message} ") from error

    def _export(self, outputs: tuple[Output, ...]) -> None:
        store = self._run.store
        exports = exports_of(outputs)
        for old in store.exports():
            if old.stack_id != self._stack.id or exports.get(old.name) == old.value:
                continue
            users = store.importers(old.name)
            if users and old.name not in exports:
                raise DeploymentError(in_use(old.name, users))
            if users:
                raise DeploymentError(
                    f"Cannot update export {old.name} as it is in use by {' and '.join(users)}. "
                )
        other = store.set_exports(self._stack.id, exports)
        if other is not None:
            owner = store.stack(other.stack_id).name
            raise DeploymentError(
                f"Export with name {other.name} is already exported by stack {owner}. "
            )


def _kept_name(change: Change) -> str:
    """The name that a template gives to a resource before and after a change; empty if none."""
    assert change.old is not None
    assert change.new is not None
    name = finding.given_name(change.new.type, change.new.properties)
    return name if name == finding.given_name(change.old.type, change.old.properties) else ""


def outputs_of(evaluation: Evaluation, made: Mapping[str, Made]) -> tuple[Output, ...]:
    """The outputs of a template, given its resources."""
    return tuple(
        Output(one.key, one.value, one.description, one.export_name)
        for one in evaluation.outputs(made)
    )


def exports_of(outputs: Iterable[Output]) -> dict[str, str]:
    """The values that outputs export, by the names of the exports."""
    return {one.export_name: one.value for one in outputs if one.export_name is not None}


def in_use(export: str, users: list[str]) -> str:
    """CloudFormation's reason why an export cannot be deleted."""
    listed = " and ".join(users)
    return f"Delete canceled. Cannot delete export {export} as it is in use by {listed}."


def cleared(row: StackResource) -> StackResource:
    """A resource whose operation is done."""
    return dataclasses.replace(row, step=None, before=None, uncertain=False)
